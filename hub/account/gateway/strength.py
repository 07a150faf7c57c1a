"""Is a password easy to guess, or did thieves publish it already?"""

import hashlib
from pathlib import Path

_WEAK = 3  # zxcvbn's scale 0 to 4; 3 resists 10^8 guesses and more
_MAX = 72  # characters; zxcvbn refuses longer texts


def is_guessable(password: str, known: list[str]) -> bool:
    """True when a guesser who knows the words in `known` (name, mail, town) is quick (zxcvbn below 3 of 4)."""
    from zxcvbn import zxcvbn  # 13 MB that only a new password needs

    return int(zxcvbn(password[:_MAX], user_inputs=known)["score"]) < _WEAK


def is_breached(password: str, directory: Path | None) -> bool:
    """True when the password stands in an installed list: files named by the first 5 hexadecimal digits of its SHA-1,

    each line the other 35 digits, a colon and a count (the format of haveibeenpwned.com's range files).
    """
    if directory is None:
        return False
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    for name in (digest[:5], f"{digest[:5]}.txt"):
        file = directory / name
        if file.is_file():
            with file.open() as lines:
                return any(line.upper().startswith(digest[5:]) for line in lines)
    return False

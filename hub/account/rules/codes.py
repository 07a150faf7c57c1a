"""Codes that a person types: how long they hold, how often one may be wrong."""

from dataclasses import dataclass

_MINUTE = 60_000
CODE_MS = 15 * _MINUTE  # a code that came by mail
CODE_TRIES = 5  # of 10^8 codes: a guess succeeds once in twenty million
RECOVERY_MS = 30 * _MINUTE  # a code that the citizens' office gave
RECOVERY_CODES = 10  # for the drawer at home


# what a right code lets one set; a mailbox alone must not get round the second factor
_SETS = {
    "register": frozenset({"passkey", "password"}),
    "reset": frozenset({"password"}),
    "recover": frozenset({"passkey", "password"}),
}


def may_set(purpose: str, key: str) -> bool:
    """Whether a code of this purpose (register, reset, recover) lets one set this key (passkey, password)."""
    return key in _SETS.get(purpose, frozenset())


@dataclass(frozen=True)
class Code:
    """A code's end (ms), how often it was tried, whether it was used."""

    expires_at: int
    tries: int = 0
    used: bool = False


def is_usable(code: Code, now: int) -> bool:
    """True while another try makes sense."""
    return not code.used and now < code.expires_at and code.tries < CODE_TRIES


def normal_code(typed: str) -> str:
    """What a person typed, without blanks and hyphens, in capitals; O and I are read as 0 and 1."""
    plain = "".join(character for character in typed.upper() if character.isalnum())
    return plain.translate(str.maketrans("OIL", "011"))[:40]

"""The number on the pass, and what a release of the app is made of.

A pass number is derived from the account's random handle by the hub's key: it stays the same for a person, says nothing
about them or about when they registered, and is not the number in any table nor the subject that a connected service
sees. Eleven signs (31^11, so that two people of a town share one with a chance of one in a hundred million) and a check
sign that finds every wrong sign and every two neighbours that changed places.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXY"  # 31, a prime; without those that look like others: I, L, O, U, Z
_LENGTH = 11
_GROUP = 4
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "Z": "2"})


def pass_number(secret: bytes, handle: str) -> str:
    """XXXX-XXXX-XXXX for an account's handle; `secret` has 32 bytes."""
    digest = hmac.new(secret, f"pass number\0{handle}".encode(), hashlib.sha256).digest()
    value, signs = int.from_bytes(digest), ""
    for _ in range(_LENGTH):
        value, sign = divmod(value, len(SIGNS))
        signs += SIGNS[sign]
    whole = signs + _check_sign(signs)
    return "-".join(whole[at : at + _GROUP] for at in range(0, len(whole), _GROUP))


def read_number(typed: str) -> str | None:
    """The number that somebody typed or said, in its own form; None when the check sign does not fit."""
    signs = re.sub(r"[\s-]", "", typed).upper().translate(_MISREAD)
    if len(signs) != _LENGTH + 1 or any(sign not in SIGNS for sign in signs) or _check_sign(signs[:-1]) != signs[-1]:
        return None
    return "-".join(signs[at : at + _GROUP] for at in range(0, len(signs), _GROUP))


def _check_sign(signs: str) -> str:
    """Weights 2, 3 ... 12 modulo a prime: no two are equal, none is 0 or the check sign's own 1."""
    return SIGNS[-sum(weight * SIGNS.index(sign) for weight, sign in enumerate(signs, 2)) % len(SIGNS)]


def colours(css: str, names: Iterable[str]) -> Mapping[str, tuple[str, str]]:
    """name -> (light, dark) of the design tokens; KeyError for one that is missing."""
    light, _, dark = css.partition("@media (prefers-color-scheme: dark)")
    found = [dict(re.findall(r"--sk-([\w-]+):\s*(#[0-9A-Fa-f]{6})", part)) for part in (light, dark)]
    return {name: (found[0][name], found[1][name]) for name in names}


def release(parts: Iterable[bytes]) -> str:
    """A name that changes with any of the files that a phone keeps."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:12]

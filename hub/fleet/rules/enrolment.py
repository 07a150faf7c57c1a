"""One-time codes with which a node gets its certificate. Moments in ms."""

import hashlib
import secrets
from dataclasses import dataclass

CODE_HOURS = 24
CERTIFICATE_DAYS = 90
HOUR_MS = 3_600_000
# No 0 O 1 I L: a technician reads the code from paper. 12 of 31 letters are 59 bits.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class Code:
    """What is kept of a code: its hash only."""

    node: str
    expires_at: int
    used_at: int | None


def new_code(fingerprint: str) -> str:
    """A random code with 80 bits of the authority's fingerprint, e.g. 7KQF-2M9X-RT4C-5D0E-91AA-81F2-A07C-3B9D.

    It ends with their first 48, which is all that nodes of the first release look at; see edge.enrolment.
    """
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    whole = letters + fingerprint[12:20] + fingerprint[:12]
    return "-".join(whole[at : at + 4] for at in range(0, len(whole), 4))


def hash_of(code: str) -> str:
    """SHA-256 of a code as it was meant: case, spaces and dashes do not matter."""
    meant = "".join(character for character in code.upper() if character.isalnum())
    return hashlib.sha256(meant.encode()).hexdigest()


def refusal(code: Code | None, now: int) -> str | None:
    """Why a code is not taken, in a sentence that says what to do; None when it is."""
    if code is None:
        return (
            "This code is not known. Check it letter by letter, or make a new one: sudo stadtknoten-hub node enrol NAME"
        )
    if code.used_at is not None:
        return "This code was used already. Each device needs a new one: sudo stadtknoten-hub node enrol NAME"
    if now > code.expires_at:
        return "This code is over. Make a new one: sudo stadtknoten-hub node enrol NAME"
    return None

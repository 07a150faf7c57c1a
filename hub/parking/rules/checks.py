"""May this car stand here? What a warden is told, and what the list for checks without a network holds."""

import hashlib
from dataclasses import dataclass

CHECK_DAYS = 14  # a plate without a right to park is kept so long for the fine (assumed; the office's own rule decides)
PLATE_DAYS = 30  # a plate of a stay that was paid is kept so long for questions and refunds (assumed)


@dataclass(frozen=True)
class Verdict:
    """kind: paid, permit, unpaid (a stay that is owed for) or none; `until` ms or None.

    `detail`: resident, disabled, awaiting (a payment by card is on its way), overstay: then `over` minutes too long,
    which costs `fee` cents.
    """

    kind: str
    until: int | None = None
    detail: str = ""
    over: int = 0
    fee: int = 0

    @property
    def is_right(self) -> bool:
        """Whether the car may stand here."""
        return self.kind in ("paid", "permit")


@dataclass(frozen=True)
class Right:
    """Something that allows a car to stand: kind as in `Verdict`."""

    kind: str
    until: int | None
    detail: str = ""


def verdict(rights: list[Right], now: int) -> Verdict:
    """The best right that holds now: paid before permit, then what is owed for."""
    for kind in ("paid", "permit", "unpaid"):
        for one in rights:
            if one.kind == kind and (one.until is None or one.until > now):
                return Verdict(kind, one.until, one.detail)
    return Verdict("none")


def digest(salt: str, plate: str) -> str:
    """What stands in an offline list instead of a plate: 24 hexadecimal digits of SHA-256."""
    return hashlib.sha256(f"{salt}{plate}".encode()).hexdigest()[:24]

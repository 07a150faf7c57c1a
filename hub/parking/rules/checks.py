"""May this car stand here? What a warden is told, and what the list for checks without a network holds."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

KINDS = ("paid", "permit", "unpaid", "none", "unknown")
RIGHTS = ("paid", "permit")


@dataclass(frozen=True)
class Terms:
    """How long what is kept; out of the town's data."""

    list_hours: int
    check_days: int
    log_days: int
    plate_days: int
    camera_days: int
    count_days: int


@dataclass(frozen=True)
class Verdict:
    """kind: paid, permit, unpaid (a stay that is owed for), none, or unknown (a list that is too old).

    `until` ms or None; `detail`: resident, disabled, awaiting (a payment by card is on its way). Of a car that had a
    right before: when that ended (ms), since when (ms) it stands longer than one may, and the cents which that costs.
    """

    kind: str
    until: int | None = None
    detail: str = ""
    ended_at: int | None = None
    over_since: int | None = None
    fee: int = 0

    @property
    def is_right(self) -> bool:
        """Whether the car may stand here."""
        return self.kind in RIGHTS


@dataclass(frozen=True)
class Right:
    """Something that allows a car to stand: kind as in `Verdict`; `longest_end` (ms) is the longest stay's."""

    kind: str
    until: int | None
    detail: str = ""
    longest_end: int | None = None


def verdict(rights: Iterable[Right], now: int, before: Right | None = None) -> Verdict:
    """The best right that holds now: paid before permit, then what is owed for; `before` ended last."""
    found = list(rights)
    for kind in ("paid", "permit", "unpaid"):
        for one in found:
            if one.kind == kind and (one.until is None or one.until > now):
                return Verdict(kind, one.until, one.detail)
    if before is None or before.until is None or before.until > now:
        return Verdict("none")
    over = before.longest_end if before.longest_end is not None and before.longest_end <= before.until else None
    return Verdict("none", ended_at=before.until, over_since=over)


def minutes(since: int, now: int) -> int:
    """Whole minutes that went by."""
    return max(0, now - since) // 60_000


def digest(key: bytes, site: str, plate: str) -> str:
    """What stands in an offline list instead of a plate: 24 hexadecimal digits of HMAC-SHA-256 under the list's key.

    Plates are few enough to be tried one after the other, so the list is worth nothing to who has not its key.
    """
    return hmac.new(key, f"{site} {plate}".encode(), hashlib.sha256).hexdigest()[:24]


def terms(data: Mapping[str, Mapping[str, object]]) -> Terms:
    """Reads checks.json of the town; ValueError for what is no number of at least 1."""
    found = {}
    for name in Terms.__dataclass_fields__:
        value = data.get(name, {}).get("value")
        if type(value) is not int or value < 1:
            raise ValueError(f"checks.json: {name} needs a whole number of at least 1")
        found[name] = value
    return Terms(**found)

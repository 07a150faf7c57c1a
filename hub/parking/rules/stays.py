"""A parking stay from its start to its receipt: when it ends by itself, when its driver is reminded, what a plate is.

All moments are ms UTC. GPS never decides the car park: the driver confirms it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

MINUTE = 60_000
GRACE_MS = 3 * MINUTE  # a bay must be free so long before its stay ends
SETTLE_MS = 15 * MINUTE  # so long after such an end the driver may say "I am still here"
REMIND_MS = 15 * MINUTE  # before the longest stay or the planned end
AHEAD_MS = 5 * MINUTE  # money is set aside so far ahead
CAMERA = "camera"  # the source of a stay that began by a plate at an entrance
CARD = "card"  # the source of a stay that was paid before, without an account

RUNNING, ENDING, ENDED, AWAITING, CANCELLED = "running", "ending", "ended", "awaiting", "cancelled"
_PLATE = re.compile(r"[A-ZÄÖÜ0-9]{2,10}")


@dataclass(frozen=True)
class Patience:
    """How long a bay must be free before its stay ends, and how long its driver may object afterwards (ms)."""

    grace_ms: int = GRACE_MS
    objection_ms: int = SETTLE_MS


USUAL = Patience()


@dataclass(frozen=True)
class Stay:
    """What decides about a stay; `occupied_at`: when its bay was first seen occupied during it."""

    state: str
    started_at: int
    planned_end: int | None = None
    longest_end: int | None = None
    bay: str | None = None
    occupied_at: int | None = None
    watches_bay: bool = True
    ended_at: int | None = None
    reminded: bool = False


@dataclass(frozen=True)
class BayNow:
    """A bay as it is shown: free, occupied, unknown or faulty, and since when."""

    state: str
    since: int


def plate(typed: str) -> str:
    """HN AB 123 -> HNAB123; ValueError for what is no number plate."""
    found = "".join(typed.upper().replace("-", " ").split())
    if not _PLATE.fullmatch(found):
        raise ValueError("this is no number plate")
    return found


def seen_occupied(stay: Stay, bay: BayNow | None) -> int | None:
    """When the bay was first seen occupied during this stay: a bay that is still free may be waiting for its car."""
    if stay.occupied_at is not None or bay is None or bay.state != "occupied":
        return stay.occupied_at
    return max(bay.since, stay.started_at)


def left_at(stay: Stay, bay: BayNow | None, now: int, patience: Patience = USUAL) -> int | None:
    """When the car left, once its bay has been free for the grace; never on unknown or faulty."""
    if stay.state != RUNNING or not stay.watches_bay or stay.occupied_at is None:
        return None
    if bay is None or bay.state != "free" or now - bay.since < patience.grace_ms:
        return None
    return max(bay.since, stay.started_at)


def end_of(stay: Stay) -> int | None:
    """The latest end that was planned or that the tariff allows; None = open."""
    ends = [end for end in (stay.planned_end, stay.longest_end) if end is not None]
    return min(ends, default=None)


def is_to_be_reminded(stay: Stay, now: int) -> bool:
    """Once, a quarter of an hour before the end; not for stays that are hardly longer than that."""
    end = end_of(stay)
    if stay.state != RUNNING or stay.reminded or end is None or end - stay.started_at < 2 * REMIND_MS:
        return False
    return end - REMIND_MS <= now < end


def settles_at(stay: Stay, patience: Patience = USUAL) -> int | None:
    """When a stay that its bay ended is settled, unless its driver objects; None for any other stay."""
    if stay.state != ENDING or stay.ended_at is None:
        return None
    return stay.ended_at + patience.grace_ms + patience.objection_ms


def is_to_be_settled(stay: Stay, now: int, patience: Patience = USUAL) -> bool:
    """A stay that its bay ended is settled when its driver did not object."""
    moment = settles_at(stay, patience)
    return moment is not None and now >= moment


def may_object(stay: Stay, now: int, patience: Patience = USUAL) -> bool:
    """Whether the driver may still say that the car is there."""
    return stay.state == ENDING and not is_to_be_settled(stay, now, patience)


def union(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same times (begin, end), none of them twice, in their order."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged

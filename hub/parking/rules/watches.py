"""Tell me when it fills up: a wish for one car park, answered once. All moments are ms UTC."""

from dataclasses import dataclass

MAX_FREE = 50  # a higher threshold says nothing about filling up
HOURS = (2, 6, 12, 24)  # so long a wish may hold
_HOUR = 3_600_000


@dataclass(frozen=True)
class Counts:
    """A car park's bays as they are known now; silent sensors are `unknown`."""

    free: int
    occupied: int
    unknown: int
    faulty: int


def is_full_enough(threshold: int, now: Counts) -> bool:
    """Whether at most `threshold` bays can be free: a bay of which nothing is known may be free, too."""
    return now.occupied > 0 and now.free + now.unknown + now.faulty <= threshold


def expiry(hours: int, now: int) -> int:
    """When a wish of some hours ends; ValueError for a length that is not offered."""
    if hours not in HOURS:
        raise ValueError("this length is not offered")
    return now + hours * _HOUR


def check_threshold(threshold: int) -> None:
    """ValueError for a number of free bays that makes no sense."""
    if not 0 <= threshold <= MAX_FREE:
        raise ValueError(f"a threshold is between 0 and {MAX_FREE} free bays")

"""Plates that cameras saw: whose clock counts, and which of a car's entries and exits begin and end a stay.

Events arrive twice, late and in the wrong order. Those of a car that is known wait until they fit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

MINUTE = 60_000
CLOCK_MS = 24 * 60 * MINUTE  # a clock that is further off is not believed
EXIT_MS = 24 * 60 * MINUTE  # an exit may be told so late: nobody shall pay for a camera that was offline
ENTRY_MS = 15 * MINUTE  # an older entry begins nothing: the driver has paid elsewhere or seen another price meanwhile

IN, OUT = "in", "out"


@dataclass(frozen=True)
class Seen:
    """A car at a camera; `number` is the event's own, `at` ms on our clock."""

    number: int
    direction: str
    at: int


@dataclass(frozen=True)
class Step:
    """What to do next: begin or end the stay by `seen`; `over` are the events that mean nothing any more."""

    seen: Seen
    over: tuple[int, ...] = ()


def moment(at: int, sent_at: int | None, now: int) -> int:
    """When it was on our clock (ms). A camera's clock may be wrong, but not the time between its two moments.

    ValueError for a clock that is a day off, and for events that are older or of the future.
    """
    age = (now if sent_at is None else sent_at) - at
    if sent_at is not None and abs(now - sent_at) > CLOCK_MS:
        raise ValueError("the camera's clock is more than a day off")
    if not -MINUTE <= age <= EXIT_MS:
        raise ValueError("the event is older than a day, or of the future")
    return now - max(0, age)


def step(running_since: int | None, waiting: Sequence[Seen], now: int) -> Step | None:
    """The next step of a car at one car park; None when nothing fits now."""
    ordered = sorted(waiting, key=lambda one: (one.at, one.number))
    if running_since is None:
        entries = (one for one in ordered if one.direction == IN and now - one.at <= ENTRY_MS)
        first = next(entries, None)
        return None if first is None else Step(first)
    end = next((one for one in ordered if one.direction == OUT and one.at >= running_since), None)
    if end is None:
        return None
    return Step(end, tuple(one.number for one in ordered if running_since <= one.at <= end.at and one != end))

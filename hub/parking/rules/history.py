"""What a bay's readings say about the time between them. Times are milliseconds UTC."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise, zip_longest
from zoneinfo import ZoneInfo

HOUR_MS = 3_600_000
TRUSTED_MS = 35 * 60_000  # without a word from the same boot a state is believed for so long
HOURS_OF_WEEK = 168
STATES = ("free", "occupied", "unknown", "faulty")


@dataclass(frozen=True)
class Mark:
    """One reading: from `ts` on the bay was in `state`, said during this boot of its node."""

    ts: int
    state: str
    boot: str = ""
    trusted_ms: int = TRUSTED_MS


def time_in_states(marks: Sequence[Mark], start: int, end: int, now: int) -> dict[str, int]:
    """Milliseconds that a bay spent in each state in start..end; `marks` in order, with those around the span.

    A state holds until the next reading when both come from one boot of the node: it would have told a change. Else
    nobody was looking, and it holds as long as its sensor is trusted (35 minutes unless it reports more seldom).
    """
    sums = dict.fromkeys(STATES, 0)
    for mark, after in zip_longest(marks, marks[1:]):
        until = after.ts if after is not None else now
        if after is None or not mark.boot or mark.boot != after.boot:
            until = min(until, mark.ts + mark.trusted_ms)
        sums[mark.state] += max(0, min(until, end) - max(mark.ts, start))
    known = sum(sums.values())
    sums["unknown"] += max(0, min(end, max(now, start)) - start - known)
    return sums


def hours_between(first: int, last: int, most: int = 31 * 24) -> range:
    """The hours (ms at their start) that a span touches, at most the newest `most`."""
    newest = last - last % HOUR_MS
    oldest = max(first - first % HOUR_MS, newest - (most - 1) * HOUR_MS)
    return range(oldest, newest + 1, HOUR_MS)


def touched(moments: Sequence[int]) -> set[int]:
    """The hours that readings at these moments change: their own, and those between each two."""
    ordered = sorted(moments)
    hours = {moment - moment % HOUR_MS for moment in ordered}
    for first, last in pairwise(ordered):
        hours.update(hours_between(first, last))
    return hours


def runs(hours: Sequence[int]) -> list[tuple[int, int]]:
    """Neighbouring hours as spans (start, end), so that each bay is read once for all of them."""
    spans: list[tuple[int, int]] = []
    for hour in sorted(hours):
        if spans and spans[-1][1] == hour:
            spans[-1] = (spans[-1][0], hour + HOUR_MS)
        else:
            spans.append((hour, hour + HOUR_MS))
    return spans


def by_hour_of_week(hours: Sequence[tuple[int, int, int]], zone: ZoneInfo) -> list[float | None]:
    """Occupied share of each hour of the week (Monday 0 h first, local time) out of (hour, free ms, occupied ms)."""
    free, taken = [0] * HOURS_OF_WEEK, [0] * HOURS_OF_WEEK
    for hour, free_ms, occupied_ms in hours:
        local = datetime.fromtimestamp(hour / 1000, zone)
        slot = local.weekday() * 24 + local.hour
        free[slot] += free_ms
        taken[slot] += occupied_ms
    return [
        occupied / (occupied + empty) if occupied + empty else None for empty, occupied in zip(free, taken, strict=True)
    ]

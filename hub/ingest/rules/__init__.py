"""Which message is new, what is missing, and which clock is believed."""

from dataclasses import dataclass

from hub.ingest.rules import series

__all__ = ["Ledger", "Offset", "Range", "distrust", "learn", "series"]

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
MAX_FUTURE_MS = 5 * MINUTE_MS  # a node's clock may run ahead by so much
CLOCK_NEWS_MS = 500  # a better estimate by less is not worth a write
GAP_PATIENCE_MS = 10 * MINUTE_MS  # a younger gap may still close by itself
LATE_MS = MINUTE_MS  # a reading that comes later than this was waiting somewhere
HELD_MS = DAY_MS  # so long a reading waits for its node's clock
MAX_AGE_MS = 400 * DAY_MS  # older than any outbox keeps a reading

Range = tuple[int, int]  # first and last sequence number, both included


@dataclass(frozen=True)
class Ledger:
    """What has come of one outbox: the highest number seen and the ranges missing below it, in rising order."""

    highest: int = 0
    gaps: tuple[Range, ...] = ()

    @property
    def contiguous(self) -> int:
        """The highest number with nothing missing below: what the node may forget."""
        return self.gaps[0][0] - 1 if self.gaps else self.highest

    def accept(self, seq: int) -> tuple["Ledger", bool]:
        """The ledger with `seq` in it, and whether it is new."""
        ledger, count = self.close(seq, seq)
        return ledger, count == 1

    def close(self, first: int, last: int) -> tuple["Ledger", int]:
        """The ledger with all of first..last in it, and how many of them were new."""
        new = max(0, last - max(first - 1, self.highest))
        gaps: list[Range] = []
        for start, end in self.gaps:
            inside = min(end, last) - max(start, first) + 1
            if inside <= 0:
                gaps.append((start, end))
                continue
            new += inside
            if start < first:
                gaps.append((start, first - 1))
            if last < end:
                gaps.append((last + 1, end))
        if first > self.highest + 1:
            gaps.append((self.highest + 1, first - 1))
        return Ledger(max(self.highest, last), tuple(gaps)), new


@dataclass(frozen=True)
class Offset:
    """Wall clock minus monotonic clock of one boot of a node (ms); exact when the node's own clock was set."""

    ms: int
    exact: bool


def learn(known: Offset | None, said: Offset) -> Offset | None:
    """The better of two; None when `said` is no news. An estimate is the later the longer a message travelled."""
    if known is None or (said.exact and not known.exact):
        return said
    if known.exact or said.ms >= known.ms - CLOCK_NEWS_MS:
        return None
    return said


def distrust(ts_ms: int, now_ms: int) -> str | None:
    """Why the moment of a reading is not believed; None when it is."""
    if ts_ms > now_ms + MAX_FUTURE_MS:
        return "time in the future"
    if ts_ms < now_ms - MAX_AGE_MS:
        return "time too old"
    return None

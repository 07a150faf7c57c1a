"""Which figures of a status are kept, how often, and what a row of them says. Moments in ms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.fleet.rules.alerts import DAY_MS, MINUTE_MS

EVERY_MS = 15 * MINUTE_MS
STEP_MS = EVERY_MS + 2 * MINUTE_MS  # a node speaks once a minute: in each step lies a value, or there was none
KEEP_MS = 14 * DAY_MS
FIGURES = (
    "clients",
    "load_percent",
    "temperature_c",
    "memory_mb",
    "waiting",
    "uptime_s",
    "disk_free_mb",
    "disk_written_mb",
    "disk_worn_percent",
    "throttled",
    "battery_mv",
    "clock_offset_ms",
)


def is_due(sampled_at: int | None, now: int) -> bool:
    """Whether a quarter of an hour has passed; a moment in the future (a clock set back) is no reason to wait."""
    return sampled_at is None or not 0 <= now - sampled_at < EVERY_MS


def figures(said: Mapping[str, object]) -> dict[str, float]:
    """The numbers out of a status that are worth a row."""
    found = {name: said.get(name) for name in FIGURES}
    return {
        name: value for name, value in found.items() if isinstance(value, int | float) and not isinstance(value, bool)
    }


@dataclass(frozen=True)
class Series:
    """One figure's way: its values at equal steps (None = nothing was said), how many, lowest, highest and last."""

    name: str
    values: Sequence[float | None]
    lowest: float
    highest: float
    last: float

    @property
    def count(self) -> int:
        """How many steps have a value."""
        return sum(value is not None for value in self.values)


def begins(rows: Sequence[tuple[int, Mapping[str, float]]], since: int) -> int:
    """Where a picture of the rows begins: nothing is to be seen before the first."""
    return max(since, rows[0][0]) if rows else since


def series(rows: Sequence[tuple[int, Mapping[str, float]]], since: int, now: int, most: int = 96) -> list[Series]:
    """A way for each figure that was ever said; of several values in one step the last counts."""
    start = begins(rows, since)
    steps = max(2, min(most, (now - start) // STEP_MS))  # each at least as wide as STEP_MS
    width = max((now - start) / steps, 1)
    found: dict[str, list[float | None]] = {}
    for at, values in rows:
        step = min(max(int((at - start) / width), 0), steps - 1)
        for name, value in values.items():
            found.setdefault(name, [None] * steps)[step] = value
    return [_series(name, found[name]) for name in FIGURES if name in found]


def _series(name: str, values: list[float | None]) -> Series:
    known = [value for value in values if value is not None]
    return Series(name, values, min(known), max(known), known[-1])

"""Which figures of a status are kept, how often, and what a row of them says. Moments in ms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.fleet.rules.alerts import DAY_MS, MINUTE_MS

EVERY_MS = 15 * MINUTE_MS
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
    """One figure's way: its values at equal steps (None = nothing was said), and their lowest, highest and last."""

    name: str
    values: Sequence[float | None]
    lowest: float
    highest: float
    last: float


def series(rows: Sequence[tuple[int, Mapping[str, float]]], since: int, now: int, steps: int = 96) -> list[Series]:
    """A way for each figure that was ever said; of several values in one step the last counts."""
    width = max((now - since) / steps, 1)
    found: dict[str, list[float | None]] = {}
    for at, values in rows:
        step = min(max(int((at - since) / width), 0), steps - 1)
        for name, value in values.items():
            found.setdefault(name, [None] * steps)[step] = value
    return [_series(name, found[name]) for name in FIGURES if name in found]


def _series(name: str, values: list[float | None]) -> Series:
    known = [value for value in values if value is not None]
    return Series(name, values, min(known), max(known), known[-1])

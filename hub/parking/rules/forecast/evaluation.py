"""How good forecasts would have been: rolling origin over held-out weeks, beside two simple rules.

At every hour of the held-out weeks the model knows what was measured until then and nothing later. It is judged at the
same hours as "same hour last week" and "persistence" (as it is now): those where all three have something to say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.parking.rules.forecast.calendar import Calendar
from hub.parking.rules.forecast.model import HORIZON, WEEK, Forecaster

MOST_WEEKS = 4


@dataclass(frozen=True)
class Errors:
    """Mean absolute errors in cars, and of how many forecasts; `inside` is the share of hours within their band."""

    count: int = 0
    forecast: float = 0.0
    same_hour_last_week: float = 0.0
    persistence: float = 0.0
    inside: float = 0.0

    def __add__(self, other: "Errors") -> "Errors":
        count = self.count + other.count
        if not count:
            return self
        mine, theirs = self.count / count, other.count / count
        return Errors(
            count,
            self.forecast * mine + other.forecast * theirs,
            self.same_hour_last_week * mine + other.same_hour_last_week * theirs,
            self.persistence * mine + other.persistence * theirs,
            self.inside * mine + other.inside * theirs,
        )


@dataclass(frozen=True)
class Report:
    """The errors of one car park for each horizon (1 to 24), and how many hours were held out (0: too little data)."""

    held_out: int
    horizons: Mapping[int, Errors]

    @property
    def all(self) -> Errors:
        """All horizons together."""
        return sum(self.horizons.values(), Errors())


def held_out_hours(hours: int, most_weeks: int = MOST_WEEKS) -> int:
    """Whole weeks, a third of the data at most; of less than two weeks what follows the first; 0 = too little."""
    wanted = WEEK * max(1, min(most_weeks, hours // WEEK // 3))
    held_out = min(wanted, hours - WEEK)
    return held_out if held_out >= HORIZON else 0


def evaluate(
    measured: Mapping[int, float], calendar: Calendar, capacity: float | None = None, most_weeks: int = MOST_WEEKS
) -> Report:
    """hour -> cars in any order, with gaps; a report without errors when there are less than eight days."""
    first, last = min(measured, default=0), max(measured, default=-1)
    held_out = held_out_hours(last + 1 - first, most_weeks)
    if not held_out:
        return Report(0, {})
    forecaster = Forecaster(calendar, capacity)
    found: dict[int, list[tuple[float, ...]]] = {h: [] for h in range(1, HORIZON + 1)}
    for hour in range(first, last):
        forecaster.learn(hour, measured.get(hour))
        if hour >= last - held_out and hour in measured:
            _judge(forecaster, hour, measured, found)
    return Report(held_out, {h: _errors(misses) for h, misses in found.items()})


def _judge(
    forecaster: Forecaster, now: int, measured: Mapping[int, float], found: Mapping[int, list[tuple[float, ...]]]
) -> None:
    for h, expected in enumerate(forecaster.forecast(), 1):
        came, before = measured.get(now + h), measured.get(now + h - WEEK)
        if came is None or before is None:
            continue
        inside = float(expected.low - 0.5 <= came <= expected.high + 0.5)  # bays are whole
        found[h].append((abs(expected.cars - came), abs(before - came), abs(measured[now] - came), inside))


def _errors(misses: Sequence[tuple[float, ...]]) -> Errors:
    if not misses:
        return Errors()
    sums = [sum(column) / len(misses) for column in zip(*misses, strict=True)]
    return Errors(len(misses), *sums)

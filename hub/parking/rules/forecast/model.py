"""The forecaster of one car park: it takes in one hour after the other and says what the next 24 will be like.

A forecast is what is usual at that hour of the week, plus what eleven signs of the moment add to it: how today,
yesterday and the last week differ, what it was a week ago, how the last hour was. How much each sign counts is learned
for each horizon from forecasts that could have been made before: nothing is fitted to what it is judged by.
Full and empty are limits: who expected more than full was not wrong. Of whole numbers a whole one is expected.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.parking.rules.forecast.calendar import Calendar, Moment
from hub.parking.rules.forecast.interval import Misses, Unrest
from hub.parking.rules.forecast.profile import Profile, SpecialDays
from hub.parking.rules.forecast.regression import Regression

HORIZON = 24  # hours
WEEK = 168
# Horizons with weights of their own; those between are interpolated. At 24 h "now" and "a day before" are one hour, so
# that its weights would mean nothing at 22 h: it takes those of 23 h.
_LEARNED = (1, 2, 3, 4, 6, 9, 12, 18, 23)
_BETWEEN: Mapping[int, tuple[int, int, float]] = {
    h: (low, high, (h - low) / (high - low) if high > low else 0.0)
    for h in range(1, HORIZON + 1)
    for low, high in [(max(a for a in _LEARNED if a <= h), min((a for a in _LEARNED if a >= h), default=_LEARNED[-1]))]
}
_SLOW, _FAST = 8.0, 2.0  # weeks
_MOST_MORE = 1.5  # a day that is more than two and a half times as full as usual is no rule for its evening
_OFTEN = 12  # hours with the very same highest number: then it is the capacity
_LEAST_UNREST = 0.02  # of the ceiling


@dataclass(frozen=True)
class Expected:
    """What an hour will be like: cars expected, and the band in which eight of ten such hours were."""

    hour: int
    cars: float
    low: float
    high: float


@dataclass(frozen=True)
class _Guess:
    signs: Sequence[float]
    usual: float
    open: float  # before the bounds
    cars: float


class _Ratio:
    """Cars over usual cars of the last hours, on which newer ones count more."""

    def __init__(self, hours: float) -> None:
        self._keep = math.exp(-1 / hours)
        self._cars = self._usual = 0.0
        self._hours = hours

    def learn(self, cars: float, usual: float) -> None:
        self._cars = self._cars * self._keep + cars
        self._usual = self._usual * self._keep + usual

    def skip(self) -> None:
        self._cars *= self._keep
        self._usual *= self._keep

    def more(self, ceiling: float) -> float:
        """-1 = empty instead of usual, 0 = as usual, 1 = twice; near 0 when there is little to compare."""
        behind = 0.02 * ceiling * self._hours + 1e-9
        return max(-1.0, min(_MOST_MORE, (self._cars + behind) / (self._usual + behind) - 1))


class Forecaster:
    """Learns by `learn`, hour by hour; capacity None = unknown, then a tenth above what was ever seen is the limit."""

    def __init__(self, calendar: Calendar, capacity: float | None = None) -> None:
        self._calendar, self._capacity = calendar, capacity
        self._slow, self._fast, self._special = Profile(_SLOW), Profile(_FAST), SpecialDays()
        self._cars: dict[int, float] = {}
        self._off: dict[int, float] = {}  # hour -> how it differed from what was usual
        self._last_hour, self._last_hours = _Ratio(1.5), _Ratio(4.0)
        self._off_today = self._off_lately = 0.0
        self._regressions = {h: Regression(_assumed(h)) for h in _LEARNED}
        self._misses = {h: Misses() for h in _LEARNED}
        self._unrest = Unrest()
        self._guesses: dict[int, dict[int, _Guess]] = {}
        self._today: list[tuple[int, float]] = []
        self._whole = True  # only whole numbers were seen
        self._most, self._often = 0.0, 0  # and in how many hours
        self.hours = 0  # with a measurement, so far
        self.first: int | None = None
        self.now: int | None = None

    @property
    def ceiling(self) -> float:
        """More cars than this are never expected."""
        if self._capacity is not None:
            return self._capacity
        return self._most if self._often >= _OFTEN else self._most * 1.1

    def is_ready(self) -> bool:
        """A week has been seen, most of it measured: before that nothing is said."""
        if self.first is None or self.now is None:
            return False
        return self.now - self.first >= WEEK - 1 and self.hours >= WEEK * 3 // 4

    def learn(self, hour: int, cars: float | None) -> None:
        """Takes in the mean number of cars of an hour, None = not measured; hours that were left out are gaps."""
        if self.now is not None and hour <= self.now:
            raise ValueError("hours are learned in their order")
        for gap in range(hour if self.now is None else max(self.now + 1, hour - WEEK), hour):
            self._step(gap, None)
        self._step(hour, None if cars is None else max(0.0, min(cars, self._capacity or cars)))

    def forecast(self) -> list[Expected]:
        """The 24 hours after the last one that was learned; nothing until `is_ready`."""
        if self.now is None or not self.is_ready():
            return []
        bands = {h: misses.band() or (-1.5, 1.5) for h, misses in self._misses.items()}
        return [self._expected(h, bands) for h in range(1, HORIZON + 1)]

    def _expected(self, h: int, bands: Mapping[int, tuple[float, float]]) -> Expected:
        assert self.now is not None  # noqa: S101 (asked before)
        low, high, part = _BETWEEN[h]
        cars = self._guess(h).cars
        unrest = self._unrest.at(self._calendar(self.now + h).hour, _LEAST_UNREST * self.ceiling)
        under, over = (a * (1 - part) + b * part for a, b in zip(bands[low], bands[high], strict=True))
        return Expected(self.now + h, cars, max(0.0, cars + under * unrest), min(self.ceiling, cars + over * unrest))

    def _step(self, hour: int, cars: float | None) -> None:
        moment = self._calendar(hour)
        if self._today and self._calendar(self._today[0][0]).day != moment.day:
            self._end_day()
        self.now = hour
        if cars is None:
            self._last_hour.skip()
            self._last_hours.skip()
            self._off_today *= 0.8
        else:
            self._take_in(hour, moment, cars)
        self._guesses.pop(hour - HORIZON, None)
        self._guesses[hour] = {h: self._guess(h) for h in _LEARNED}
        self._cars.pop(hour - WEEK - 1, None)
        self._off.pop(hour - HORIZON - 1, None)

    def _take_in(self, hour: int, moment: Moment, cars: float) -> None:
        usual = self._usual(moment)
        self.first = hour if self.first is None else self.first
        self._whole = self._whole and cars == int(cars)
        self._often = self._often + (cars == self._most) if cars <= self._most else 1
        self._most, self.hours = max(self._most, cars), self.hours + 1
        self._judge(hour, moment, cars)
        off = cars - usual
        self._cars[hour], self._off[hour] = cars, off
        self._unrest.learn(moment.hour, off)
        self._last_hour.learn(cars, usual)
        self._last_hours.learn(cars, usual)
        self._off_today = self._off_today * 0.8 + off * 0.2
        self._off_lately += (off - self._off_lately) / WEEK
        self._today.append((hour, cars))

    def _judge(self, hour: int, moment: Moment, cars: float) -> None:
        """What was guessed for this hour becomes examples, and misses."""
        if self.first is None or hour - self.first < WEEK:
            return
        unrest = self._unrest.at(moment.hour, _LEAST_UNREST * self.ceiling) or 1.0
        for h in _LEARNED:
            guess = self._guesses.get(hour - h, {}).get(h)
            if guess is not None:
                is_beyond = guess.open > cars >= self.ceiling or guess.open < cars <= 0
                aim = guess.open if is_beyond else cars  # more than full is no miss
                self._regressions[h].learn(guess.signs, aim - guess.usual)
                self._misses[h].learn((cars - guess.cars) / unrest)

    def _end_day(self) -> None:
        """A day enters the profiles when it is over, so that no hour is compared with itself."""
        for hour, cars in self._today:
            moment = self._calendar(hour)
            usual = self._slow.at(moment)
            factor = self._special.factor(moment.label)
            if self.first is not None and hour - self.first >= WEEK:
                self._special.learn(moment.label, cars, usual)
            if moment.weekday != 6 or moment.label == "":  # a holiday is like a Sunday, but no Sunday
                self._slow.learn(moment, cars / max(factor, 0.2))
                self._fast.learn(moment, cars / max(factor, 0.2))
        self._today = []
        for regression in self._regressions.values():
            regression.fit()

    def _usual(self, moment: Moment) -> float:
        return min(self.ceiling, self._slow.at(moment) * self._special.factor(moment.label)) if self._most else 0.0

    def _guess(self, h: int) -> _Guess:
        """What is expected `h` hours after now."""
        assert self.now is not None  # noqa: S101 (called from _step)
        moment = self._calendar(self.now + h)
        usual = self._usual(moment)
        signs = self._signs(h, moment, usual)
        low, high, part = _BETWEEN[h]
        cars = usual + _dot(self._regressions[low].weights, signs) * (1 - part)
        if part:
            cars += _dot(self._regressions[high].weights, signs) * part
        return _Guess(
            signs, usual, cars, max(0.0, min(self.ceiling, float(round(cars)) if self._whole else round(cars, 3)))
        )

    def _signs(self, h: int, moment: Moment, usual: float) -> Sequence[float]:
        """In cars; each is 0 where it is unknown. `_assumed` has the weights in the same order."""
        assert self.now is not None  # noqa: S101 (called from _guess)
        now, target = self.now, self.now + h
        off = self._off.get(now, 0.0)
        factor = self._special.factor(moment.label)
        last_hours = self._last_hours.more(self.ceiling) * usual
        is_today = self._calendar(now).day == moment.day
        last_week = self._cars.get(target - WEEK)
        if last_week is None or moment.label or self._calendar(target - WEEK).label:
            last_week = usual  # a special day is not compared with an ordinary one
        return (
            off,
            off - self._off.get(now - 1, off),
            self._cars.get(now, usual) - usual,
            self._last_hour.more(self.ceiling) * usual,
            last_hours if is_today else 0.0,
            0.0 if is_today else last_hours,
            self._off_today,
            self._off.get(target - 24, 0.0),
            self._off_lately,
            last_week - usual,
            self._fast.at(moment) * factor - usual,
        )


def _assumed(h: int) -> Sequence[float]:
    """The weights before anything was learned: the last hour counts for some hours, today until its end."""
    return (0.6 * math.exp(-h / 3), 0, 0, 0, 0.5 * math.exp(-h / 12), 0.15, 0, 0, 0.2, 0, 0.3)


def _dot(first: Sequence[float], second: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(first, second, strict=True))

"""How many cars stand in a car park: pure arithmetic on the town's demand file, with a seeded generator.

Cars come and go as in an infinite-server queue: each car leaves at the rate 1/mean stay, arrivals follow at the rate
target'(t) + target(t)/mean stay, so that the expected number follows the target. Shares are 0 to 1, hours 0 to 24.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FULLEST = 0.985  # somebody always leaves the last bay free for a moment
_STEP_HOURS = 0.25


@dataclass(frozen=True)
class Event:
    """Something that fills or empties car parks on its days."""

    first: date
    last: date
    factors: Mapping[str, float]


@dataclass(frozen=True)
class Demand:
    """The town's demand: curves of 24 hourly shares for weekday, saturday and sunday of each site."""

    curves: Mapping[str, Mapping[str, tuple[float, ...]]]
    mean_stay_min: Mapping[str, float]
    weekly: Mapping[str, float]
    day_shock_sigma: float
    events: tuple[Event, ...]
    seed: int

    def target(self, site: str, moment: datetime) -> float:
        """The share of bays that should be taken at a moment (local time)."""
        kind = "sunday" if moment.weekday() == 6 else "saturday" if moment.weekday() == 5 else "weekday"
        share = _between(self.curves[site][kind], moment.hour + moment.minute / 60 + moment.second / 3600)
        factor = self.weekly[_WEEKDAYS[moment.weekday()]] * self._shock(site, moment.date())
        for event in self.events:
            if event.first <= moment.date() <= event.last:
                factor *= event.factors.get(site, 1.0)
        return min(_FULLEST, max(0.0, share * factor))

    def rates(self, site: str, moment: datetime, capacity: int) -> tuple[float, float]:
        """(arrivals per hour, departures per hour and car) at a moment."""
        now = self.target(site, moment) * capacity
        ahead = moment.hour + moment.minute / 60 + _STEP_HOURS
        later = self.target(site, moment.replace(hour=min(23, int(ahead)), minute=int(ahead % 1 * 60))) * capacity
        change = (later - now) / _STEP_HOURS
        leaving = 60 / self.mean_stay_min[site]
        arrivals = change + now * leaving
        if arrivals >= 0:
            return arrivals, leaving
        return 0.0, leaving - arrivals / max(now, 1.0)  # the car park empties faster than people usually leave

    def _shock(self, site: str, day: date) -> float:
        """Every day is a little different, the same for the same seed."""
        return max(0.3, random.Random(f"{self.seed}/{site}/{day}").gauss(1.0, self.day_shock_sigma))  # noqa: S311 (no secret)


def parse(table: Mapping[str, Any], seed: int) -> Demand:
    """The demand out of the town's demand.json."""
    events = tuple(
        Event(date.fromisoformat(event["date"]), date.fromisoformat(event["end"]), event["factors"])
        for event in table["events"]
    )
    return Demand(
        curves={
            site: {kind: tuple(curves[kind]) for kind in ("weekday", "saturday", "sunday")}
            for site, curves in table["sites"].items()
        },
        mean_stay_min={site: curves["mean_stay_min"] for site, curves in table["sites"].items()},
        weekly=table["weekly"],
        day_shock_sigma=table["day_shock_sigma"],
        events=events,
        seed=seed,
    )


class CarPark:
    """The bays of one car park and who stands in them; deterministic for one seed."""

    def __init__(self, demand: Demand, site: str, bays: list[str], moment: datetime) -> None:
        self._demand, self._site = demand, site
        self._chance = random.Random(f"{demand.seed}/{site}")  # noqa: S311 (a simulation, no secret)
        self.bays = list(bays)
        share = demand.target(site, moment)
        self.taken = {bay for bay in bays if self._chance.random() < share}

    def advance(self, moment: datetime, hours: float) -> list[tuple[str, bool]]:
        """Lets `hours` pass; returns the bays that changed, (bay, taken)."""
        arrivals, leaving = self._demand.rates(self._site, moment, len(self.bays))
        gone = [bay for bay in sorted(self.taken) if self._chance.random() < leaving * hours]
        free = [bay for bay in self.bays if bay not in self.taken]
        came = self._chance.sample(free, min(len(free), self._events(arrivals * hours)))
        self.taken = (self.taken - set(gone)) | set(came)
        return [(bay, False) for bay in gone] + [(bay, True) for bay in came]

    def _events(self, expected: float) -> int:
        """A Poisson number: counts exponential pauses until the expected span is used up."""
        count, span = 0, self._chance.expovariate(1.0)
        while span < expected:
            count += 1
            span += self._chance.expovariate(1.0)
        return count


def _between(curve: tuple[float, ...], hour: float) -> float:
    """Linear between the middles of the hours."""
    position = hour - 0.5
    low = int(position // 1)
    part = position - low
    return curve[low % 24] * (1 - part) + curve[(low + 1) % 24] * part

"""Months of hourly numbers of cars: out of the town's own generator, and of shapes that it does not have.

`python -m tests.hub.parking.forecast.data FILE.csv [--days 120] [--seed 1]` writes the town's as site,ts,occupied.
"""

import argparse
import json
import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import hub
from edge.simulation import demand
from hub.core.holidays import is_holiday
from hub.core.i18n import TIMEZONE

TOWN = Path(hub.__file__).parent / "data" / "bad_rappenau"
STEP = timedelta(minutes=15)
Hours = dict[int, float]


@dataclass(frozen=True)
class Wild:
    """How unruly a made-up car park is; shares of the capacity, `events` and `shock` by the day."""

    capacity: int = 120
    shock: float = 0.15
    memory: float = 0.8
    noise: float = 0.04
    drift: float = 0.0
    events: float = 0.03
    holiday_factor: float | None = None  # None: holidays are like Sundays


def capacities() -> dict[str, int]:
    """site -> bays of the town."""
    return {site["id"]: site["capacity"] for site in json.loads((TOWN / "sites.json").read_text())["sites"]}


def town(site: str, seed: int, first: date, days: int) -> Hours:
    """What the generator of arrivals makes of a car park, with its day shocks and events."""
    made = demand.parse(json.loads((TOWN / "demand.json").read_text()), seed)
    moment = datetime.combine(first, time(), TIMEZONE).astimezone(UTC)
    bays = [f"{site}-{number}" for number in range(capacities()[site])]
    park = demand.CarPark(made, site, bays, moment.astimezone(TIMEZONE))
    found: Hours = {}
    for hour in range(int(moment.timestamp()) // 3600, int(moment.timestamp()) // 3600 + days * 24):
        taken = 0
        for _ in range(4):
            park.advance(moment.astimezone(TIMEZONE), 0.25)
            taken += len(park.taken)
            moment += STEP
        found[hour] = taken / 4
    return found


def _bell(hour: float, middle: float, width: float) -> float:
    return math.exp(-(((hour - middle) / width) ** 2) / 2)


def _office(day: int, hour: float) -> float:
    inside = 1 / (1 + math.exp(-2 * (hour - 8))) - 1 / (1 + math.exp(-1.5 * (hour - 17)))
    return 0.05 + 0.85 * inside if day < 5 else 0.08 + 0.1 * _bell(hour, 13, 3)


def _shop(day: int, hour: float) -> float:
    if day < 5:
        return 0.04 + 0.6 * _bell(hour, 11, 1.8) + 0.55 * _bell(hour, 17, 2)
    return 0.04 + (0.9 * _bell(hour, 12, 2.5) if day == 5 else 0.1 * _bell(hour, 14, 3))


SHAPES: Mapping[str, Callable[[int, float], float]] = {
    "office": _office,
    "shop": _shop,
    "pool": lambda day, hour: 0.03 + (0.5 if day < 5 else 0.85) * _bell(hour, 15, 3.2),
    "residents": lambda day, hour: 0.9 - 0.45 * _bell(hour, 13, 4) * (1 if day < 5 else 0.5),
    "evening": lambda day, hour: 0.1 + 0.8 * (_bell(hour, 21, 2.5) if day in (4, 5) else 0.4 * _bell(hour, 20, 2)),
}


def shape(name: str, seed: int, first: date, days: int, wild: Wild = Wild()) -> Hours:
    """A made-up car park: its shape of the week, shocks and events by the day, drift, and noise with a memory."""
    chance = random.Random(f"{name}/{seed}")
    begin = int(datetime.combine(first, time(), TIMEZONE).timestamp()) // 3600
    found: Hours = {}
    of_day: dict[date, float] = {}
    noise = 0.0
    for number in range(days * 24):
        local = datetime.fromtimestamp((begin + number) * 3600, TIMEZONE)
        if local.date() not in of_day:
            event = chance.uniform(1.4, 2.2) if chance.random() < wild.events else 1.0
            of_day[local.date()] = chance.lognormvariate(0, wild.shock) * event
        factor, day = of_day[local.date()], local.weekday()
        if day != 6 and is_holiday(local.date()):
            day, factor = (6, factor) if wild.holiday_factor is None else (day, factor * wild.holiday_factor)
        noise = wild.memory * noise + chance.gauss(0, wild.noise)
        share = SHAPES[name](day, local.hour + 0.5) * factor * (1 + wild.drift * number / (days * 24))
        cars = (share * math.exp(noise) + chance.gauss(0, 0.01)) * wild.capacity
        found[begin + number] = min(wild.capacity, max(0, round(cars)))
    return found


def rows(measured: Mapping[str, Hours]) -> list[str]:
    """The lines of a CSV file."""
    lines = ["site,ts,occupied"]
    for site, hours in measured.items():
        lines += [f"{site},{datetime.fromtimestamp(hour * 3600, UTC).isoformat()},{hours[hour]}" for hour in hours]
    return lines


def main() -> None:
    """The town's car parks as a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=date.fromisoformat, default=date(2026, 8, 1))
    chosen = parser.parse_args()
    made = {site: town(site, chosen.seed, chosen.first, chosen.days) for site in capacities()}
    chosen.file.write_text("\n".join(rows(made)) + "\n")


if __name__ == "__main__":
    main()

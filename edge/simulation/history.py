"""The simulated town's past by the hour: `python -m edge.simulation.history --town DIR` prints site,ts,occupied.

It is the same town as the living one with the same seed: the same days are busier than others.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from edge.simulation import demand, town

_STEPS = 12  # an hour; in long ones a busy car park would fill up too little


def hours(found: demand.Demand, site: str, bays: list[str], first: datetime, count: int) -> Iterator[tuple[str, float]]:
    """(moment in ISO 8601, mean number of cars) of each hour; `first` is a whole hour on the town's clock."""
    zone, moment = first.tzinfo, first.astimezone(UTC)
    park = demand.CarPark(found, site, bays, first)
    for _ in range(count):
        taken, begin = 0, moment
        for _ in range(_STEPS):
            park.advance(moment.astimezone(zone), 1 / _STEPS)
            taken += len(park.taken)
            moment += timedelta(hours=1 / _STEPS)
        yield begin.isoformat(), taken / _STEPS


def main(arguments: list[str] | None = None) -> int:
    """Prints the weeks up to the last whole hour."""
    options = _parser().parse_args(arguments)
    zone = ZoneInfo(json.loads((options.town / "town.json").read_text(encoding="utf-8"))["timezone"])
    found = demand.parse(json.loads((options.town / "demand.json").read_text(encoding="utf-8")), options.seed)
    count = options.weeks * 168
    first = (datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=count)).astimezone(zone)
    bays: dict[str, list[str]] = {}
    for place in town.places(options.town, 0):
        bays.setdefault(place.site, []).extend(place.bays)
    sys.stdout.write("site,ts,occupied\n")
    for site, members in bays.items():
        for moment, cars in hours(found, site, members, first, count):
            sys.stdout.write(f"{site},{moment},{cars}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m edge.simulation.history", description=__doc__)
    parser.add_argument("--town", type=Path, required=True, metavar="DIR", help="folder with the town's data files")
    parser.add_argument("--weeks", type=int, default=6, help="how far back (default 6)")
    parser.add_argument("--seed", type=int, default=2030, help="that of the simulation (default 2030)")
    return parser


if __name__ == "__main__":
    sys.exit(main())

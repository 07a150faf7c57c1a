"""Measurements as people have them (site, ts, occupied) become hours."""

import csv
import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

_COLUMNS = ("site", "ts", "occupied")


def read_table(lines: Iterable[str], zone: ZoneInfo) -> dict[str, dict[int, float]]:
    """site -> hour -> mean of its measurements, from CSV text with the columns site, ts and occupied.

    Rows may come in any order; of two with the same site and moment the last counts; one without a number is a gap.
    Times without a zone are the town's clock. ValueError names the line that was not understood.
    """
    rows = iter(lines)
    head = next(rows, "").removeprefix("\ufeff")
    delimiter = ";" if head.count(";") > head.count(",") else ","
    names = [name.strip().lower() for name in next(csv.reader([head], delimiter=delimiter), [])]
    missing = [name for name in _COLUMNS if name not in names]
    if missing:
        raise ValueError(f"the first line must name the columns site, ts, occupied; missing: {', '.join(missing)}")
    places = [names.index(name) for name in _COLUMNS]
    found: dict[str, dict[float, float]] = {}
    for number, row in enumerate(csv.reader(rows, delimiter=delimiter), 2):
        if any(cell.strip() for cell in row):
            _take_in(found, number, row, places, zone)
    return {site: _hours(moments) for site, moments in found.items()}


def _take_in(
    found: dict[str, dict[float, float]], number: int, row: list[str], places: list[int], zone: ZoneInfo
) -> None:
    if len(row) <= max(places):
        raise ValueError(f"line {number} has too few columns")
    site, ts, occupied = (row[place].strip() for place in places)
    moment, cars = _moment(ts, number, zone), _number(occupied, number)
    moments = found.setdefault(site, {})
    if cars is not None:
        moments[moment] = cars


def _moment(text: str, number: int, zone: ZoneInfo) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"line {number}: {text!r} is no ISO 8601 time, like 2026-12-24T14:30+01:00") from None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).timestamp()


def _number(text: str, number: int) -> float | None:
    if text.lower() in ("", "nan", "na", "null", "none"):
        return None
    try:
        found = float(text)
    except ValueError:
        raise ValueError(f"line {number}: {text!r} is no number of cars") from None
    if not math.isfinite(found) or found < 0:
        raise ValueError(f"line {number}: {text!r} is no number of cars")
    return found


def _hours(moments: Mapping[float, float]) -> dict[int, float]:
    sums: dict[int, tuple[float, int]] = {}
    for moment, cars in moments.items():
        total, count = sums.get(int(moment // 3600), (0.0, 0))
        sums[int(moment // 3600)] = (total + cars, count + 1)
    return {hour: total / count for hour, (total, count) in sorted(sums.items())}

"""Forecasts: made once an hour in the worker, kept for the pages, and judged on anybody's data."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from hub.core import i18n
from hub.core.clock import now_ms
from hub.core.db import Database, Session
from hub.core.holidays import is_holiday
from hub.parking import store as parking_store
from hub.parking.rules import forecast as rules
from hub.parking.rules.forecast import Calendar, Errors, Expected, Forecaster, Outlook, Picture, Report, picture
from hub.parking.store import forecasts as store

__all__ = [
    "HOUR_MS",
    "Expected",
    "ForecastNow",
    "Forecasts",
    "Outlook",
    "Picture",
    "evaluate",
    "events",
    "forecast",
    "import_hours",
    "knows_hours",
    "picture",
    "text",
]

HOUR_MS = 3_600_000
HISTORY_HOURS = 16 * 168
_MEASURED = 0.25  # of the bays, else an hour is a gap
_LONGEST_EVENT = timedelta(days=7)  # what lasts longer is no special day but how it is now
_LATE_HOURS = 48  # hours that are compared with what was learned, for readings that came late
_SAME = 0.05  # of the bays: within this an hour is as it was learned
_SETTLED_MS = 2 * 60_000  # after this time the last hour's readings have come and are summed up
_AGAIN_MS = 60_000  # until data of before may have come for a car park of which nothing can be said
_OLD_MS = 2 * HOUR_MS


@dataclass(frozen=True)
class ForecastNow:
    """What is known of the next hours; `expected` is empty while too little was measured (`hours`: of the last 168)."""

    expected: Sequence[Expected]
    hours: int
    outlook: Outlook | None
    made_at: int | None


def forecast(session: Session, site: str, capacity: int, now: int) -> ForecastNow:
    """The newest forecast of a car park as far as it lies ahead; one that is two hours old is none."""
    found = store.forecast(session, site)
    if found is None or now - found.made_at > _OLD_MS:
        return ForecastNow((), store.measured_hours(session, site, now - 7 * 24 * HOUR_MS, now), None, None)
    hours = [Expected(hour, cars, low, high) for hour, cars, low, high in json.loads(found.body)["hours"]]
    ahead = [one for one in hours if one.hour >= now // HOUR_MS]
    return ForecastNow(ahead, 7 * 24, rules.outlook(ahead, capacity) if ahead else None, found.made_at)


def events(town_dir: Path) -> dict[date, str]:
    """Days of the town's events -> kind, out of events.json; {} for a town without that file."""
    file = town_dir / "events.json"
    found: dict[date, str] = {}
    for event in json.loads(file.read_text())["events"] if file.exists() else []:
        if not event.get("start") or len(event["start"]) < 10:
            continue
        first = date.fromisoformat(event["start"])
        last = date.fromisoformat(event.get("end") or event["start"])
        if last - first < _LONGEST_EVENT:
            found |= {first + timedelta(days=days): event["kind"] for days in range((last - first).days + 1)}
    return found


class _Site:
    """A car park's forecaster and what it has learned lately, hour -> cars."""

    def __init__(self, calendar: Calendar, capacity: int) -> None:
        self.capacity = capacity
        self._forecaster, self._learned = Forecaster(calendar, capacity), dict[int, float | None]()

    @property
    def is_ready(self) -> bool:
        """Whether it has seen enough to say anything."""
        return self._forecaster.is_ready()

    def fits(self, hours: Mapping[int, float | None], capacity: int, last: int) -> bool:
        """False when the past was not as it was learned: readings came late, or the car park changed."""
        now = self._forecaster.now
        if capacity != self.capacity or now is None or now < last - _LATE_HOURS:
            return False
        known = [hour for hour in self._learned if hour > last - _LATE_HOURS]
        return all(_is_near(self._learned[hour], hours.get(hour), _SAME * capacity) for hour in known)

    def learn(self, hours: Mapping[int, float | None], last: int) -> list[Expected]:
        """Brings it up to the hour `last` and says what follows."""
        begin = self._forecaster.now + 1 if self._forecaster.now is not None else min(hours, default=last)
        for hour in range(begin, last + 1):
            self._learned[hour] = hours.get(hour)
            self._forecaster.learn(hour, hours.get(hour))
        self._learned = {hour: cars for hour, cars in self._learned.items() if hour > last - _LATE_HOURS}
        return self._forecaster.forecast()


class Forecasts:
    """The worker's memory of all car parks: each turn brings at most one of them up to the last whole hour."""

    def __init__(self, town_dir: Path) -> None:
        self._calendar = Calendar(i18n.TIMEZONE, is_holiday, events(town_dir))
        self._sites: dict[str, _Site] = {}
        self._due_at: dict[str, int] = {}

    def turn(self, database: Database, now: int) -> str | None:
        """Makes the next forecast that is due and returns its car park; None when all are made."""
        last = (now - _SETTLED_MS) // HOUR_MS - 1
        with database.read() as session:
            sites = [site for site, _ in parking_store.sites(session)]
            due = next((site for site in sites if self._due_at.get(site, 0) <= now), None)
            if due is None:
                return None
            expected = self._learn(session, due, last)
        self._due_at[due] = (last + 2) * HOUR_MS + _SETTLED_MS if expected else now + _AGAIN_MS
        if expected:
            body = json.dumps({"hours": [[one.hour, one.cars, one.low, one.high] for one in expected]})
            database.write(partial(store.save_forecast, site=due, made_at=now, body=body))
        else:
            database.write(partial(store.remove_forecast, site=due))
        return due

    def _learn(self, session: Session, site: str, last: int) -> list[Expected]:
        capacity = len(parking_store.bay_ids(session, site))
        known = self._sites.get(site)
        hours = _measured(session, site, capacity, last, _LATE_HOURS)
        if known is None or not known.is_ready or not known.fits(hours, capacity, last):
            known = self._sites[site] = _Site(self._calendar, capacity)
            hours = _measured(session, site, capacity, last, HISTORY_HOURS)
        return known.learn(hours, last)


def _measured(session: Session, site: str, bays: int, last: int, count: int) -> dict[int, float | None]:
    """hour -> cars, of the `count` hours up to `last`; None where too few bays were measured."""
    found: dict[int, float | None] = {}
    span = ((last - count + 1) * HOUR_MS, (last + 1) * HOUR_MS)
    for ms, free, occupied in parking_store.hours(session, site, *span):
        measured = free + occupied
        enough = measured > 0 and measured >= _MEASURED * bays * HOUR_MS
        found[ms // HOUR_MS] = bays * occupied / measured if enough else None
    return found


def _is_near(one: float | None, other: float | None, tolerance: float) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= tolerance


def knows_hours(session: Session) -> bool:
    """Whether any hour older than a day was measured."""
    first = store.first_measured(session)
    return first is not None and first < now_ms() - 24 * HOUR_MS


def import_hours(database: Database, lines: Iterable[str]) -> int:
    """Takes over measurements of before (CSV: site,ts,occupied) and returns how many hours.

    Only car parks that the town has, and only hours before the first one that was measured here. ValueError names the
    line that was not understood.
    """
    tables = rules.read_table(lines, i18n.TIMEZONE)

    def write(session: Session, site: str, hours: Mapping[int, float]) -> int:
        bays = len(parking_store.bay_ids(session, site))
        first = store.first_measured(session, site)
        kept = {hour: cars for hour, cars in hours.items() if first is None or hour * HOUR_MS < first} if bays else {}
        parking_store.save_hours(session, [_hour(site, hour, cars, bays) for hour, cars in kept.items()])
        return len(kept)

    return sum(database.write(partial(write, site=site, hours=hours)) for site, hours in tables.items())


def _hour(site: str, hour: int, cars: float, bays: int) -> dict[str, object]:
    taken = round(min(cars, bays) * HOUR_MS)
    spent = {"free": bays * HOUR_MS - taken, "occupied": taken, "unknown": 0, "faulty": 0}
    return {"site": site, "hour_ms": hour * HOUR_MS, **spent}


def evaluate(file: Path) -> dict[str, Any]:
    """{"sites": {site: errors}, "overall": errors} of a CSV file with the columns site, ts and occupied.

    Errors are mean absolute errors in bays on held-out weeks, all horizons together and each. ValueError in one plain
    sentence when the file cannot be read or no site has eight days of data.
    """
    calendar = Calendar(i18n.TIMEZONE, is_holiday, {})
    with file.open(encoding="utf-8-sig", newline="") as lines:
        tables = rules.read_table(lines, i18n.TIMEZONE)
    reports = {site: rules.evaluate(hours, calendar) for site, hours in sorted(tables.items())}
    if not any(report.all.count for report in reports.values()):
        raise ValueError("no site has enough data: one week to learn from and at least a day to be judged by")
    horizons = {
        h: sum((report.horizons.get(h, Errors()) for report in reports.values()), Errors())
        for h in range(1, rules.HORIZON + 1)
    }
    sites = {site: _errors(report) for site, report in reports.items()}
    return {"sites": sites, "overall": _errors(Report(max(one.held_out for one in reports.values()), horizons))}


def _errors(report: Report) -> dict[str, Any]:
    """None where there was nothing to judge."""
    return {
        **_means(report.all),
        "unit": "bays",
        "held_out_hours": report.held_out,
        "horizons": {str(h): _means(errors) for h, errors in report.horizons.items()},
    }


def _means(errors: Errors) -> dict[str, Any]:
    known = errors.count > 0
    return {
        "forecast": round(errors.forecast, 4) if known else None,
        "same_hour_last_week": round(errors.same_hour_last_week, 4) if known else None,
        "persistence": round(errors.persistence, 4) if known else None,
        "inside_band": round(errors.inside, 4) if known else None,
        "count": errors.count,
    }


def text(found: Mapping[str, Any]) -> str:
    """The same as tables."""
    head = ("forecast", "last week", "persistence", "inside band", "judged")
    width = max(20, *(len(site) for site in found["sites"]))
    lines = ["Mean absolute error in bays, horizons of 1 to 24 h, held-out weeks (rolling origin)", ""]
    lines.append(f"{'site':{width}}" + "".join(f"{name:>16}" for name in head))
    rows = [*found["sites"].items(), ("overall", found["overall"])]
    lines += [f"{site:{width}}" + _row(errors) for site, errors in rows]
    lines += ["", f"{'horizon, all sites':{width}}" + "".join(f"{name:>16}" for name in head)]
    lines += [f"{h + ' h':{width}}" + _row(errors) for h, errors in found["overall"]["horizons"].items()]
    return "\n".join(lines)


def _row(errors: Mapping[str, Any]) -> str:
    shown = [errors["forecast"], errors["same_hour_last_week"], errors["persistence"]]
    cells = ["too little data" if value is None else f"{value:.2f}" for value in shown]
    inside = "" if errors["inside_band"] is None else f"{100 * errors['inside_band']:.0f} %"
    return "".join(f"{cell:>16}" for cell in (*cells, inside, str(errors["count"])))

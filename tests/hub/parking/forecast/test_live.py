"""The worker's forecasts out of the hourly sums of the database."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from hub.core.db import Database
from hub.parking import api as parking
from hub.parking import store
from hub.parking.api import forecasts
from hub.parking.api.forecasts import HOUR_MS, Forecasts
from tests.hub import town as tiny
from tests.hub.parking.forecast.data import Hours, Wild, rows, shape

pytestmark = pytest.mark.thorough

BAYS = 40
MINUTE = 60_000
CARS = shape("office", 4, date(2026, 9, 7), 30, Wild(capacity=BAYS))
LAST = max(CARS) + 1  # the hour in which it is now
NOW = LAST * HOUR_MS + 10 * MINUTE


def keep(database: Database, site: str, hours: Mapping[int, float], measured: float = 1.0) -> None:
    def write(session) -> None:
        for hour, cars in hours.items():
            taken, free = cars * HOUR_MS * measured, (BAYS - cars) * HOUR_MS * measured
            unknown = BAYS * HOUR_MS - taken - free
            sums = {"free": int(free), "occupied": int(taken), "unknown": int(unknown), "faulty": 0}
            store.save_hour(session, site, hour * HOUR_MS, sums)

    database.write(write)


def seed(database: Database, directory: Path) -> Path:
    town = tiny.write(directory / "town", BAYS)
    database.write(lambda session: parking.seed(session, town))
    return town


def run(made: Forecasts, database: Database, now: int) -> list[str]:
    done = []
    while (site := made.turn(database, now)) is not None:
        done.append(site)
    return done


def known(database: Database, site: str, now: int) -> forecasts.ForecastNow:
    with database.read() as session:
        return forecasts.forecast(session, site, BAYS, now)


def part(hours: Hours, first: int, end: int) -> Hours:
    return {hour: cars for hour, cars in hours.items() if first <= hour < end}


def test_each_car_park_gets_24_hours_once_an_hour(database: Database, tmp_path: Path) -> None:
    town = seed(database, tmp_path)
    keep(database, "lake", CARS)
    made = Forecasts(town)
    assert run(made, database, NOW) == ["lake", "hall"]
    assert run(made, database, NOW + 40 * MINUTE) == ["hall"]  # of which nothing could be said yet
    found = known(database, "lake", NOW)
    assert [one.hour for one in found.expected] == list(range(LAST, LAST + 24))
    assert found.outlook is not None


def test_with_too_little_data_nothing_is_said_but_how_much_there_is(database: Database, tmp_path: Path) -> None:
    town = seed(database, tmp_path)
    keep(database, "lake", part(CARS, LAST - 72, LAST))
    run(Forecasts(town), database, NOW)
    assert (known(database, "lake", NOW).expected, known(database, "lake", NOW).hours) == ((), 72)
    assert known(database, "hall", NOW).hours == 0


def test_hours_in_which_few_bays_were_measured_are_gaps(database: Database, tmp_path: Path) -> None:
    town = seed(database, tmp_path)
    keep(database, "lake", CARS, measured=0.1)
    run(Forecasts(town), database, NOW)
    assert known(database, "lake", NOW).expected == ()


def test_the_next_hour_continues_and_comes_to_the_same_as_a_restart(database: Database, tmp_path: Path) -> None:
    town = seed(database, tmp_path)
    keep(database, "lake", part(CARS, 0, LAST - 1))
    goes_on = Forecasts(town)
    run(goes_on, database, NOW - HOUR_MS)
    keep(database, "lake", part(CARS, LAST - 1, LAST))
    run(goes_on, database, NOW)
    continued = known(database, "lake", NOW).expected
    run(Forecasts(town), database, NOW)
    assert known(database, "lake", NOW).expected == continued


def test_hours_that_came_late_are_learned_too(database: Database, tmp_path: Path) -> None:
    town = seed(database, tmp_path)
    late = part(CARS, LAST - 30, LAST - 1)
    keep(database, "lake", {hour: cars for hour, cars in CARS.items() if hour not in late})
    goes_on = Forecasts(town)
    run(goes_on, database, NOW)
    without = known(database, "lake", NOW).expected
    keep(database, "lake", late)
    run(goes_on, database, NOW + HOUR_MS)
    run(Forecasts(town), database, NOW + HOUR_MS)
    restarted = known(database, "lake", NOW + HOUR_MS).expected
    run(goes_on, database, NOW + HOUR_MS)
    assert known(database, "lake", NOW + HOUR_MS).expected == restarted
    assert without[1:] != restarted[:23]


def test_hours_of_before_are_taken_over_but_never_over_measured_ones(database: Database, tmp_path: Path) -> None:
    town = seed(database, tmp_path)
    keep(database, "lake", dict.fromkeys(range(LAST - 24, LAST), BAYS / 2))
    made = Forecasts(town)
    assert run(made, database, NOW) == ["lake", "hall"]
    assert known(database, "lake", NOW).expected == ()
    lines = rows({"lake": CARS, "elsewhere": CARS})
    assert forecasts.import_hours(database, lines) == len(CARS) - 24
    assert forecasts.import_hours(database, lines) == 0
    with database.read() as session:
        hours = {hour // HOUR_MS: taken for hour, _, taken in store.hours(session, "lake", 0, NOW)}
    assert hours[LAST - 1] == BAYS / 2 * HOUR_MS
    assert hours[LAST - 25] == CARS[LAST - 25] * HOUR_MS
    assert run(made, database, NOW + 2 * MINUTE) == ["lake", "hall"]
    assert len(known(database, "lake", NOW).expected) == 24


def test_an_old_forecast_is_not_shown(database: Database, tmp_path: Path) -> None:
    town = seed(database, tmp_path)
    keep(database, "lake", CARS)
    run(Forecasts(town), database, NOW)
    assert known(database, "lake", NOW + 3 * HOUR_MS).expected == ()


def test_days_of_events_come_from_the_towns_file_and_long_ones_are_left_out(tmp_path: Path) -> None:
    entries = [
        {"start": "2026-12-04", "end": "2026-12-06", "kind": "markt"},
        {"start": "2026-12-11", "end": "2027-01-06", "kind": "eisbahn"},
        {"start": "2027-05-01", "end": None, "kind": "bad"},
        {"start": None, "end": None, "kind": "markt"},
    ]
    assert forecasts.events(tmp_path) == {}
    (tmp_path / "events.json").write_text(json.dumps({"events": entries}))
    found = forecasts.events(tmp_path)
    assert sorted(found) == [*(date(2026, 12, day) for day in (4, 5, 6)), date(2027, 5, 1)]
    assert found[date(2026, 12, 5)] == "markt"

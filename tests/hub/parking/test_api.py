"""Bays and car parks through the door, on both databases."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from edge import wire
from hub.core.db import Database
from hub.ingest.api import Stored
from hub.parking import api
from hub.parking.rules import STALE_MS
from tests.hub import town

NOW = 1_800_000_000_000
HOUR = 3_600_000


@pytest.fixture
def database(database: Database, tmp_path: Path) -> Database:
    directory = town.write(tmp_path / "town")
    database.write(lambda session: api.seed(session, directory))
    return database


def reading(bay: str, state: str, ts: int, seq: int = 1) -> Stored:
    return Stored("lake-b1", "bay", "aa", seq, ts, ts, {"bay": bay, "state": state})


def sites(database: Database, now: int = NOW) -> dict[str, api.SiteNow]:
    with database.read() as session:
        return {site.id: site for site in api.sites(session, now)}


def test_a_bay_that_never_reported_is_unknown(database: Database) -> None:
    lake = sites(database)["lake"]
    assert (lake.capacity, lake.free, lake.unknown, lake.updated_at) == (2, 0, 2, None)


def test_a_reading_changes_its_bay_alone(database: Database) -> None:
    database.write(lambda session: api.apply(session, [reading("lake-001", "occupied", NOW)]))
    lake, hall = sites(database)["lake"], sites(database)["hall"]
    assert (lake.occupied, lake.unknown, hall.unknown) == (1, 1, 2)
    assert lake.updated_at == NOW


def test_of_several_readings_in_a_batch_the_newest_counts(database: Database) -> None:
    batch = [reading("lake-001", "free", NOW + 2, 3), reading("lake-001", "occupied", NOW + 1, 2)]
    database.write(lambda session: api.apply(session, batch))
    database.write(lambda session: api.apply(session, [reading("lake-001", "faulty", NOW, 1)]))
    assert sites(database)["lake"].free == 1


def test_a_bay_that_fell_silent_becomes_unknown(database: Database) -> None:
    database.write(lambda session: api.apply(session, [reading("lake-001", "free", NOW)]))
    assert sites(database, NOW + STALE_MS + 1)["lake"].free == 0


def test_seeding_again_keeps_what_is_known(database: Database, tmp_path: Path) -> None:
    database.write(lambda session: api.apply(session, [reading("lake-001", "free", NOW)]))
    database.write(lambda session: api.seed(session, tmp_path / "town"))
    assert sites(database)["lake"].free == 1


def test_the_snapshot_has_exactly_the_agreed_fields(database: Database) -> None:
    database.write(lambda session: api.apply(session, [reading("lake-001", "free", NOW)]))
    with database.read() as session:
        body = json.loads(api.snapshot(session, NOW))
    assert list(body) == ["sites"]
    assert set(body["sites"][0]) == {
        *("id", "name", "lat", "lon", "capacity", "free", "occupied", "unknown", "faulty", "updated_at")
    }
    assert body["sites"][0]["updated_at"] == wire.format_ms(NOW)


def test_a_node_may_report_its_own_bays_alone(database: Database) -> None:
    with database.read() as session:
        assert api.directory(session)["lake-b1"] == {"lake-001", "lake-002"}


def sum_up(database: Database, now: int) -> None:
    marked = True
    while marked:
        with database.read() as session:
            sums = api.sum_up(session, now)
        database.write(lambda session, sums=sums: api.keep_sums(session, sums))
        marked = bool(sums.marks)


def test_the_days_hours_show_gaps_as_gaps(database: Database) -> None:
    start = NOW - NOW % HOUR
    told = [reading("lake-001", "occupied", start), reading("lake-001", "occupied", start + 2 * HOUR, 2)]
    database.write(lambda session: api.apply(session, told))
    sum_up(database, start + 2 * HOUR + 1000)
    with database.read() as session:
        assert api.today(session, "lake", start, start + 2 * HOUR) == [1.0, None, 1.0]
        assert api.today(session, "hall", start, start + HOUR) == [None, None]


def test_a_day_that_was_stored_late_is_summed_up_as_if_it_had_come_in_time(database: Database) -> None:
    start = NOW - NOW % HOUR
    told = [
        reading("lake-001", state, start + number * HOUR // 2, number + 1)
        for number, state in enumerate(["occupied", "free", "occupied", "occupied", "free", "free"])
    ]
    told = [replace(one, body={**one.body, "boot": "b1"}) for one in told]
    database.write(lambda session: api.apply(session, [told[0], told[5]]))
    sum_up(database, start + 3 * HOUR)
    database.write(lambda session: api.apply(session, told[1:5]))
    sum_up(database, start + 3 * HOUR)
    with database.read() as session:
        assert api.today(session, "lake", start, start + 2 * HOUR) == [0.5, 1.0, 0.0]


def test_a_late_reading_moves_the_beginning_of_the_present_state(database: Database) -> None:
    def since() -> int | None:
        with database.read() as session:
            return api.bays(session, NOW, "lake")[0].since

    first, last = reading("lake-001", "free", NOW - 90), reading("lake-001", "free", NOW, 3)
    database.write(lambda session: api.apply(session, [first, last]))
    assert since() == NOW - 90
    database.write(lambda session: api.apply(session, [reading("lake-001", "occupied", NOW - 50, 2)]))
    assert since() == NOW


def test_repetitions_are_taken_out_and_the_hours_stay_the_same(database: Database) -> None:
    day = 24 * HOUR
    start = NOW - NOW % day - 4 * day
    told = [
        replace(one, body={**one.body, "boot": "b1" if number < 60 else "b2"})
        for number in range(96)
        for one in [
            reading("lake-001", "occupied" if number // 20 % 2 else "free", start + number * HOUR // 4, number + 1)
        ]
    ]
    database.write(lambda session: api.apply(session, told))
    sum_up(database, NOW)

    def count() -> int:
        with database.read() as session:
            return int(session.execute(text("SELECT count(*) FROM parking_reading")).scalar_one())

    with database.read() as session:
        before = api.today(session, "lake", start, start + day)
    database.write(lambda session: api.tidy(session, NOW))
    assert count() <= 10
    database.write(lambda session: api.apply(session, [replace(told[0], seq=1000)]))
    sum_up(database, NOW)
    with database.read() as session:
        assert api.today(session, "lake", start, start + day) == before


def test_hours_that_change_while_they_are_summed_up_are_summed_up_again(database: Database) -> None:
    start = NOW - NOW % HOUR
    database.write(lambda session: api.apply(session, [reading("lake-001", "occupied", start)]))
    with database.read() as session:
        sums = api.sum_up(session, start + HOUR)
    database.write(lambda session: api.apply(session, [reading("lake-001", "free", start + 60_000, 2)]))
    database.write(lambda session: api.keep_sums(session, sums))
    with database.read() as session:
        assert api.sum_up(session, start + HOUR).marks, "the newer reading is not forgotten"


def test_the_week_is_told_in_local_hours(database: Database) -> None:
    zone = ZoneInfo("Europe/Berlin")
    monday_nine = int(datetime(2026, 6, 1, 9, tzinfo=zone).timestamp() * 1000)
    winter_monday_nine = int(datetime(2026, 1, 5, 9, tzinfo=zone).timestamp() * 1000)
    told = [reading("lake-001", "occupied", monday_nine), reading("lake-001", "free", winter_monday_nine, 2)]
    database.write(lambda session: api.apply(session, told))
    sum_up(database, NOW)
    with database.read() as session:
        week = api.by_hour_of_week(session, "lake", 0, NOW, zone)
    assert len(week) == 168
    assert week[9] == 0.5
    assert [hour for hour, share in enumerate(week) if share is not None] == [9]

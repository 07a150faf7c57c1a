"""Bays and car parks through the door, on both databases."""

import json
from pathlib import Path

import pytest

from edge import wire
from hub.core import timeseries
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


def test_the_days_hours_show_gaps_as_gaps(database: Database) -> None:
    series = timeseries.SqlTimeSeries(database)
    start = NOW - NOW % HOUR
    database.write(lambda session: api.apply(session, [reading("lake-001", "occupied", start)]))
    with database.read() as session:
        found = api.sites(session, start)
    api.record(series, found, start)
    api.record(series, found, start + 1000)
    api.record(series, found, start + 2 * HOUR)
    assert api.today(series, "lake", start, start + 2 * HOUR) == [1.0, None, 1.0]
    assert api.today(series, "hall", start, start + HOUR) == [None, None]

"""Readings on their way to a real VictoriaMetrics: an outage of it loses nothing."""

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from sqlalchemy import text

from edge import wire
from hub import intake
from hub.core.db import Database
from hub.fleet import api as fleet
from hub.ingest import api
from hub.ingest.api import Incoming
from hub.ingest.rules.series import sample
from hub.parking import api as parking
from tests.hub import town
from tests.servers import free_port, program, wait_for_port

NOW = time.time_ns() // 1_000_000


class Victoria:
    """VictoriaMetrics as a process that can go away and come back with its data."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self._command = [
            program("victoria-metrics", "victoria-metrics"),
            f"-httpListenAddr=127.0.0.1:{self.port}",
            f"-storageDataPath={directory / 'series'}",
            "-retentionPeriod=1",
        ]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"victoriametrics://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert wait_for_port(self.port)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(15)
            self._process = None

    def points(self, series: str) -> dict[int, float]:
        """moment (ms) -> value of a series."""
        query = urlencode({"match[]": series, "start": (NOW - 86_400_000) / 1000, "end": NOW / 1000 + 3600})
        found: dict[int, float] = {}
        with urlopen(f"http://127.0.0.1:{self.port}/api/v1/export?{query}", timeout=10) as answer:
            for line in answer:
                body = json.loads(line)
                found |= dict(zip(body["timestamps"], body["values"], strict=True))
        return found

    def settled(self, series: str, count: int) -> dict[int, float]:
        """The same when all are there; it shows new points after a second or two."""
        deadline = time.monotonic() + 20
        while len(found := self.points(series)) < count and time.monotonic() < deadline:
            time.sleep(0.3)
        return found


@pytest.fixture
def victoria(tmp_path: Path) -> Iterator[Victoria]:
    server = Victoria(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def database(database: Database, tmp_path: Path) -> Database:
    directory = town.write(tmp_path / "town")
    database.write(lambda session: fleet.seed(session, directory))
    database.write(lambda session: parking.seed(session, directory))
    return database


def store(database: Database, first: int, count: int) -> None:
    messages = []
    for seq in range(first, first + count):
        body = {"outbox": "aa", "seq": seq, "ts": wire.format_ms(NOW - 3_600_000 + seq), "bay": "lake-001"}
        body |= {"state": "occupied" if seq % 2 else "free", "distance_m": 0.5}
        messages.append(Incoming("node/v1/lake-b1/bay", json.dumps(body).encode(), NOW))
    database.write(api.Batch(messages, intake.known_senders(database), NOW).store)


@pytest.mark.process
def test_an_outage_of_the_series_server_loses_nothing(database: Database, victoria: Victoria) -> None:
    exporter = api.open_exporter(database, victoria.url)
    assert exporter is not None
    store(database, 1, 300)
    assert exporter.run(NOW) == 300
    victoria.stop()
    store(database, 301, 300)
    assert exporter.run(NOW) == 0
    assert exporter.run(NOW + 1000) == 0, "it waits before it tries again"
    victoria.start()
    store(database, 601, 10)
    again = api.open_exporter(database, victoria.url)  # the hub was started anew meanwhile: the cursor is kept
    assert again is not None
    assert again.run(NOW) == 310
    found = victoria.settled('bay_occupied{bay="lake-001",node="lake-b1"}', 610)
    assert sorted(found) == [NOW - 3_600_000 + seq for seq in range(1, 611)], "to the millisecond"
    assert set(found.values()) == {0.0, 1.0}
    assert set(victoria.settled('bay_distance_m{bay="lake-001"}', 610).values()) == {0.5}
    assert again.run(NOW) == 0


def test_no_cursor_moves_before_the_server_has_answered(database: Database) -> None:
    sent: list[int] = []

    def write(points) -> None:
        sent.append(len(points))
        if len(sent) == 1:
            raise OSError("the series server is away")

    exporter = api.Exporter(database, write)
    store(database, 1, 5)
    assert exporter.run(NOW) == 0
    assert exporter.run(NOW + 10_000) == 5
    assert sent == [5, 5]


def test_a_message_that_is_stored_but_not_committed_is_not_jumped_over(database: Database) -> None:
    if database.is_sqlite:  # one writer at a time: nothing can be jumped over
        return
    sent: list[int] = []
    exporter = api.Exporter(database, lambda points: sent.extend(point.at for point in points))
    with database.engine.connect() as slow:
        slow.execute(text("SELECT pg_advisory_xact_lock_shared(7301)"))
        slow.execute(text("SELECT nextval(pg_get_serial_sequence('ingest_message', 'id'))"))
        done: list[int] = []
        store(database, 1, 3)
        thread = threading.Thread(target=lambda: done.append(exporter.run(NOW)))
        thread.start()
        time.sleep(0.3)
        assert done == [], "it waits for the writer that may still add a lower id"
        slow.rollback()
        thread.join(10)
    assert done == [3]


def test_all_messages_deleted_means_counting_from_the_beginning(database: Database) -> None:
    exporter = api.Exporter(database, lambda points: None)
    store(database, 1, 5)
    assert exporter.run(NOW) == 5
    database.write(lambda session: api.forget_old(session, NOW + 100 * 86_400_000))
    store(database, 6, 2)
    assert exporter.run(NOW) == 2


def test_texts_never_become_fields() -> None:
    for kind, body in (
        ("bay", {"bay": "lake-001", "state": "faulty"}),
        ("portal", {"event": "accept", "clients": 4}),
        ("alarm", {"code": "rogue_dhcp", "text": "x"}),
    ):
        point = sample("lake-b1", kind, body, NOW)
        assert point is not None
        assert all(type(value) is float for value in point.fields.values())
    assert sample("lake-b1", "skip", {}, NOW) is None


@pytest.mark.parametrize("url", ["influxdb://host", "influxdb://token@host/only-org"])
def test_an_incomplete_address_is_named(database: Database, url: str) -> None:
    with pytest.raises(ValueError, match="HUB_TIMESERIES_URL"):
        api.open_exporter(database, url)

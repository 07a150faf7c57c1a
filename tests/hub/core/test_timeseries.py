"""Figures over time, on both databases and on a real VictoriaMetrics."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.db import Database
from hub.core.timeseries import HOUR_MS, Point, TimeSeries, open_timeseries, roll_up
from tests.servers import free_port, program, wait_for_port

NOW = time.time_ns() // 1_000_000
HOUR = NOW - NOW % HOUR_MS - 2 * HOUR_MS
POINTS = [
    Point("share", "lake", HOUR + 1000, 0.25),
    Point("share", "lake", HOUR + 2000, 0.75),
    Point("share", "lake", HOUR + HOUR_MS + 5, 1.0),
    Point("share", "hall", HOUR + 1000, 0.5),
    Point("other", "lake", HOUR + 1000, 9.0),
]


def check(series: TimeSeries, settle: Callable[[], None]) -> None:
    series.write(POINTS[:2])
    series.write(POINTS[2:])
    settle()
    hours = series.hourly("share", "lake", HOUR, HOUR + 3 * HOUR_MS)
    assert [(hour.hour_ms, hour.count) for hour in hours] == [(HOUR, 2), (HOUR + HOUR_MS, 1)]
    assert [hour.mean for hour in hours] == pytest.approx([0.5, 1.0])
    assert [(hour.least, hour.most) for hour in hours] == [(0.25, 0.75), (1.0, 1.0)]
    assert len(series.hourly("share", "lake", HOUR, HOUR + HOUR_MS)) == 1
    assert series.hourly("share", "nowhere", HOUR, NOW) == []


def test_the_database_keeps_hours(database: Database) -> None:
    check(open_timeseries("sql://", database), lambda: None)


@pytest.fixture
def victoria(tmp_path: Path) -> Iterator[int]:
    binary, port = program("victoria-metrics", "victoria-metrics"), free_port()
    arguments = [f"-httpListenAddr=127.0.0.1:{port}", f"-storageDataPath={tmp_path / 'data'}", "-retentionPeriod=1"]
    process = subprocess.Popen([binary, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert wait_for_port(port)
    yield port
    process.terminate()
    process.wait(15)


@pytest.mark.process
def test_a_real_victoriametrics_takes_and_gives_back_the_points(victoria: int, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    series = open_timeseries(f"victoriametrics://127.0.0.1:{victoria}", database)

    def settle() -> None:  # it shows new points after a second or two
        deadline = time.monotonic() + 20
        while len(series.hourly("share", "lake", HOUR, NOW)) < 2 and time.monotonic() < deadline:
            time.sleep(0.3)

    check(series, settle)
    database.close()


@pytest.mark.process
def test_a_server_that_is_away_is_an_os_error(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    series = open_timeseries(f"victoriametrics://127.0.0.1:{free_port()}", database)
    with pytest.raises(OSError, match="time series server"):
        series.write(POINTS)
    database.close()


@pytest.mark.parametrize("url", ["file://x", "influxdb://token@host:8086/only-one-name"])
def test_an_address_that_cannot_work_is_refused_in_one_line(url: str, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    with pytest.raises(ValueError, match="HUB_TIMESERIES_URL"):
        open_timeseries(url, database)
    database.close()


@given(st.lists(st.tuples(st.integers(0, 10 * HOUR_MS), st.floats(-1e6, 1e6)), max_size=50))
def test_rolling_up_loses_no_point(points: list[tuple[int, float]]) -> None:
    hours = roll_up(points)
    assert sum(hour.count for hour in hours) == len(points)
    assert sum(hour.count * hour.mean for hour in hours) == pytest.approx(sum(value for _, value in points), abs=1e-3)
    assert [hour.hour_ms for hour in hours] == sorted({at - at % HOUR_MS for at, _ in points})

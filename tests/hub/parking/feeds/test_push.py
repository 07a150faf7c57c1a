"""Pushing to an aggregator that is a process of its own, with its faults."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import ValidationError

from hub import app
from hub.core import clock, jobs
from hub.core.db import Database, Session
from hub.fleet import api as fleet
from hub.parking import api as parking
from hub.parking import gateway
from hub.parking.api import pushes
from hub.settings import Settings
from tests.hub import town as tiny
from tests.hub.parking.feeds.aggregator import PASSWORD, USER
from tests.servers import free_port, wait_for_port


@dataclass
class Aggregator:
    directory: Path
    port: int

    def address(self, password: str = PASSWORD, path: str = "/push") -> str:
        return f"http://{USER}:{quote(password, safe='')}@127.0.0.1:{self.port}{path}"

    def mood(self, mood: str) -> None:
        (self.directory / "mood").write_text(mood)

    @property
    def requests(self) -> list[str]:
        file = self.directory / "requests"
        return file.read_text().splitlines() if file.exists() else []

    @property
    def taken(self) -> list[dict]:
        return [json.loads(file.read_text()) for file in sorted(self.directory.glob("*.json"))]


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aggregator]:
    directory, port = tmp_path_factory.mktemp("aggregator"), free_port()
    command = [sys.executable, "-m", "tests.hub.parking.feeds.aggregator", str(port), str(directory)]
    running = subprocess.Popen(command)
    try:
        assert wait_for_port(port)
        yield Aggregator(directory, port)
    finally:
        running.kill()
        running.wait()


@pytest.fixture
def aggregator(process: Aggregator) -> Aggregator:
    for file in process.directory.iterdir():
        file.unlink()
    process.mood("ok")
    return process


def seed(database: Database, directory: Path) -> None:
    town = tiny.write(directory / "town")

    def write(session: Session) -> None:
        fleet.seed(session, town)
        parking.seed(session, town)

    database.write(write)


@pytest.fixture
def push(database: Database, tmp_path: Path) -> Callable[..., None]:
    """push(address): what the worker does with a job, on a seeded town."""
    seed(database, tmp_path)

    def run(address: str, attempt: int = 1, **more: object) -> None:
        settings = Settings(state_dir=tmp_path, parkapi_push_url=address, **more)
        handler = app.JOBS[pushes.PUSH_JOB](settings, database)
        handler({}, jobs.Context(1, "key", attempt, clock.now_ms()))

    return run


pytestmark = pytest.mark.process


def test_the_car_parks_arrive_as_items_in_one_post(aggregator: Aggregator, push: Callable[..., None]) -> None:
    push(aggregator.address())
    (body,) = aggregator.taken
    assert set(body) == {"items"}
    assert [item["uid"] for item in body["items"]] == ["lake", "hall"]
    assert aggregator.requests == ["/push application/json"]


def test_the_password_may_stand_in_a_file(aggregator: Aggregator, push: Callable[..., None], tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(PASSWORD + "\n")
    push(f"http://{USER}@127.0.0.1:{aggregator.port}/push", parkapi_push_password_file=secret)
    assert len(aggregator.taken) == 1


@pytest.mark.parametrize(
    ("mood", "sentence", "final"),
    [
        ("500", "127.0.0.1 answered 500", False),
        ("422", "127.0.0.1 answered 422: validation error for lake", True),
        ("partly", "127.0.0.1 refused 1 car parks: validation error for lake", True),
        ("redirect", "127.0.0.1 answered 307", True),
        ("garbage", "127.0.0.1 could not be reached", False),
    ],
)
def test_what_went_wrong_is_said_in_words(
    aggregator: Aggregator, push: Callable[..., None], mood: str, sentence: str, final: bool
) -> None:
    aggregator.mood(mood)
    with pytest.raises(jobs.JobError) as error:
        push(aggregator.address())
    assert str(error.value).startswith(sentence)
    assert error.value.final is final
    assert len(aggregator.requests) == 1  # a redirect is not followed


def test_a_wrong_password_is_final_and_not_told_to_anybody(aggregator: Aggregator, push: Callable[..., None]) -> None:
    with pytest.raises(jobs.JobError) as error:
        push(aggregator.address("geheim"))
    assert str(error.value) == "127.0.0.1 refused user name or password (401)"
    assert error.value.final


@pytest.mark.parametrize("mood", ["hang", "drip"])
def test_nobody_can_hold_the_worker_up(
    aggregator: Aggregator, push: Callable[..., None], mood: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "_READ_S", 0.5)
    monkeypatch.setattr(gateway, "_WHOLE_S", 1.0)
    aggregator.mood(mood)
    with pytest.raises(jobs.JobError) as error:
        push(aggregator.address())
    assert str(error.value) == "127.0.0.1 did not answer in time"
    assert not error.value.final


def test_nobody_listening_is_tried_again_until_the_next_job_is_due(push: Callable[..., None]) -> None:
    address = f"http://{USER}:x@127.0.0.1:{free_port()}/push"
    for attempt, final in ((1, False), (3, False), (4, True)):
        with pytest.raises(jobs.JobError) as error:
            push(address, attempt)
        assert error.value.final is final


def test_a_failed_push_is_seen_on_the_page_of_jobs_and_a_later_try_arrives(
    aggregator: Aggregator, database: Database, tmp_path: Path
) -> None:
    seed(database, tmp_path)
    settings = Settings(state_dir=tmp_path, parkapi_push_url=aggregator.address())
    aggregator.mood("500")
    moment = [clock.now_ms()]
    handlers = {pushes.PUSH_JOB: app.JOBS[pushes.PUSH_JOB](settings, database)}
    runner = jobs.Runner(database, handlers, lambda: moment[0])
    database.write(lambda session: jobs.add(session, pushes.PUSH_JOB, {}, now=moment[0]))
    stop = threading.Event()
    runner.turn(stop)
    with database.read() as session:
        (waiting,) = jobs.listed(session, jobs.WAITING, limit=5, offset=0)
    assert (waiting.last_error, waiting.tries) == ("127.0.0.1 answered 500", 1)
    aggregator.mood("ok")
    moment[0] += 60_000
    runner.turn(stop)
    with database.read() as session:
        assert jobs.counts(session, moment[0]).done == 1
    assert len(aggregator.taken) == 1


def test_it_is_planned_every_five_minutes_where_an_address_is_set(tmp_path: Path) -> None:
    without, with_push = (
        Settings(state_dir=tmp_path),
        Settings(state_dir=tmp_path, parkapi_push_url="https://a:b@c.de/d"),
    )
    assert pushes.PUSH_JOB not in {one.kind for one in app.schedules(without)}
    assert [one.every_s for one in app.schedules(with_push) if one.kind == pushes.PUSH_JOB] == [300]


@pytest.mark.parametrize("address", ["http://a:b@aggregator.example/push", "ftp://a:b@c.de/d", "https:///push"])
def test_an_address_that_would_leak_the_password_stops_the_start(address: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"https://|unknown scheme"):
        Settings(state_dir=tmp_path, parkapi_push_url=address)

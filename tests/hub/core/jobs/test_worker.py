"""Jobs in the hub's own worker: it does them beside its schedules and ends at once when it is told to."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub import app
from hub.core import clock, jobs
from hub.core.db import Database
from hub.operations import api as operations
from hub.settings import Settings
from tests import ready
from tests.hub.core.jobs.work import states
from tests.hub.fleet.test_alerts import Hook
from tests.servers import free_port
from tests.spine.processes import Process, wait_until

DAY_MS = 24 * 3_600_000


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook(refusals=0)
    yield made
    made.server.shutdown()


@pytest.mark.process
def test_the_worker_does_jobs_tells_of_a_dead_one_and_ends_promptly(tmp_path: Path, hook: Hook) -> None:
    settings = Settings(state_dir=tmp_path)
    ready.migrate(settings)
    database = Database(settings.database)
    database.write(lambda session: jobs.add(session, "tidy jobs", {}, now=clock.now_ms()))
    database.write(lambda session: jobs.add(session, "no such kind", {}, now=clock.now_ms()))
    environment = {
        "HUB_STATE_DIR": str(tmp_path),
        "HUB_BROKER_URL": f"mqtt://127.0.0.1:{free_port()}",
        "HUB_ALERT_WEBHOOK": hook.url,
    }
    worker = Process(["-m", "hub", "serve", "--only", "worker"], environment)
    try:
        assert wait_until(lambda: states(database) == {"done": 1, "dead": 1}, 20), states(database)
        with database.read() as session:
            (group,) = operations.tasks_page(session).groups
        assert (group.kind, group.tasks[0].reason) == ("no such kind", "this hub has no handler for this kind")
        assert wait_until(lambda: bool(hook.bodies), 20)
        assert [(body["node"], body["code"]) for body in hook.bodies] == [("", "job")]
        began = time.monotonic()
        worker.process.send_signal(signal.SIGTERM)
        assert worker.process.wait(10) == 0
        assert time.monotonic() - began < 3
    finally:
        worker.stop()
        database.close()


def test_finished_jobs_are_forgotten_after_their_days_and_dead_ones_much_later(database: Database) -> None:
    now = clock.now_ms()

    def finish(days: int, state: str) -> None:
        row = jobs.table.JobRow(
            kind="k", arguments="{}", state=state, created_at=0, tries=1, max_tries=1, lost=0, last_error=""
        )
        row.finished_at = now - days * DAY_MS - 1
        database.write(lambda session: session.add(row))

    for days in (1, 14, 89, 90):
        finish(days, jobs.DONE)
        finish(days, jobs.DEAD)
    handler = app.JOBS["tidy jobs"](Settings(), database)
    assert handler({}, jobs.Context(1, "key", 1, now)) is None
    assert states(database) == {"done": 1, "dead": 3}


def test_every_schedule_has_a_handler_and_a_name_of_its_own() -> None:
    assert {one.kind for one in app.SCHEDULES} <= set(app.JOBS)
    assert len({one.name for one in app.SCHEDULES}) == len(app.SCHEDULES)

"""Four worker processes, twenty of them killed at random moments: no job is lost, no effect happens twice."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from hub.core import clock
from hub.core.db import Database
from tests.hub.core.jobs.work import add_many, effects, states
from tests.spine.processes import Process, wait_until

pytestmark = [pytest.mark.process, pytest.mark.thorough]

JOBS, WORKERS, KILLS = 2_000, 4, 20


@contextmanager
def workers(url: str) -> Iterator[list[Process]]:
    """Worker processes; all are ended."""
    started = [Process(["-m", "tests.hub.core.jobs.worker", url]) for _ in range(WORKERS)]
    try:
        yield started
    finally:
        for one in started:
            one.stop()


def hit(database: Database) -> int:
    """How many jobs were at hand when their worker was killed."""
    with database.read() as session:
        return session.execute(text("SELECT count(*) FROM core_job WHERE lost > 0")).scalar_one()


def test_two_thousand_jobs_have_their_effect_exactly_once_over_twenty_kills(
    database: Database, database_url: str
) -> None:
    chance = random.Random(6)
    ids = add_many(database, JOBS, now=clock.now_ms())
    with workers(database_url) as running:
        for kill in range(KILLS):
            assert wait_until(lambda: "running" in states(database), 20), "every kill comes while jobs are at hand"
            time.sleep(chance.uniform(0.0, 0.3))
            victim = running[kill % WORKERS]
            victim.kill()
            victim.start()
        finished = wait_until(lambda: states(database) == {"done": JOBS}, 45)
        assert finished, states(database)
    assert effects(database) == ids
    assert hit(database) > KILLS, "the kills came while nothing was at hand"

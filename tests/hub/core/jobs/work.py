"""Handlers and helpers for the tests of jobs."""

from typing import Any

from sqlalchemy import text

from hub.core import jobs
from hub.core.db import Database, Session

EFFECTS = "CREATE TABLE effect (job BIGINT NOT NULL)"  # without a key: a job that is done twice shows itself


def make_effects(database: Database) -> None:
    """A table in which every effect leaves a row."""
    database.write(lambda session: session.execute(text("DROP TABLE IF EXISTS effect")) and None)
    database.write(lambda session: session.execute(text(EFFECTS)) and None)


def leave(job_id: int) -> jobs.Effect:
    """The effect: one row with the job's id."""
    return lambda session: session.execute(text("INSERT INTO effect VALUES (:id)"), {"id": job_id}) and None


def mark(arguments: dict[str, Any], context: jobs.Context) -> jobs.Effect:
    """A handler whose effect is one row."""
    return leave(context.job_id)


def effects(database: Database) -> list[int]:
    """The ids of the jobs that had an effect, sorted."""
    with database.read() as session:
        return list(session.scalars(text("SELECT job FROM effect ORDER BY job")))


def add_many(database: Database, count: int, kind: str = "mark", now: int = 0) -> list[int]:
    """Adds jobs in one transaction; their ids."""

    def work(session: Session) -> list[int]:
        return [jobs.add(session, kind, {"number": number}, now=now) or 0 for number in range(count)]

    return database.write(work)


def claim(database: Database, now: int, limit: int = 50, lease_ms: int = 1000) -> list[jobs.Claimed]:
    """Claims in a transaction of its own."""
    return database.write(lambda session: jobs.claim(session, limit, now=now, lease_ms=lease_ms))


def settle(database: Database, now: int, *outcomes: jobs.Outcome) -> jobs.Settled:
    """Settles in a transaction of its own, without chance."""
    return database.write(lambda session: jobs.settle(session, outcomes, now=now, chance=lambda: 0.0))


def states(database: Database) -> dict[str, int]:
    """state -> jobs, without the empty ones."""
    with database.read() as session:
        found = jobs.counts(session, 0)
    named = {"waiting": found.waiting, "running": found.running, "dead": found.dead, "done": found.done}
    return {name: count for name, count in named.items() if count}

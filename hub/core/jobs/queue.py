"""The verbs of the queue: add, claim, extend, complete, fail, give back.

A claim writes a random token into its rows. Whoever wants to say how a job went must show that token while the lease
holds, so a worker that comes late changes nothing. Only Core statements: they run thousands of times a minute.
"""

import json
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Table, case, select, update
from sqlalchemy.dialects import postgresql, sqlite

from hub.core import events
from hub.core.db import Session
from hub.core.jobs import rules
from hub.core.jobs.news import JobDied, JobsDone
from hub.core.jobs.table import DEAD, DONE, RUNNING, WAITING, JobRow, PauseRow

job: Table = JobRow.metadata.tables[JobRow.__tablename__]
_paused = select(PauseRow.kind).scalar_subquery()
LOST_TOO_OFTEN = "the worker ended in the middle of every try"


@dataclass(frozen=True)
class Claimed:
    """A job that this worker holds; `tries` counts this one; `lost` how often a worker ended in the middle of it."""

    id: int
    kind: str
    arguments: dict[str, Any]
    created_at: int
    tries: int
    max_tries: int
    lost: int
    token: str


def add(
    session: Session,
    kind: str,
    arguments: Mapping[str, Any],
    *,
    now: int,
    unique_key: str | None = None,
    run_at: int | None = None,
    max_tries: int = 8,
) -> int | None:
    """Adds a job in the caller's transaction, due at `run_at` ms; None when a job with `unique_key` is known already.

    A key is taken until its job was tidied away, so also while the job is finished. TypeError unless the arguments are
    JSON.
    """
    values = {
        "kind": kind,
        "arguments": json.dumps(dict(arguments), ensure_ascii=False, separators=(",", ":")),
        "unique_key": unique_key,
        "state": WAITING,
        "created_at": now,
        "due_at": now if run_at is None else run_at,
        "tries": 0,
        "max_tries": max_tries,
        "lost": 0,
        "last_error": "",
    }
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    return session.execute(dialect.insert(job).values(values).on_conflict_do_nothing().returning(job.c.id)).scalar()


def has_due(session: Session, now: int) -> bool:
    """True when a claim would find something; only reads."""
    return session.execute(_due(now).limit(1)).first() is not None


def claim(session: Session, limit: int, *, now: int, lease_ms: int = rules.LEASE_MS) -> list[Claimed]:
    """Takes up to `limit` (at most 50) due jobs, oldest first.

    A job whose worker ended in the middle comes last and is the only such one, so that a job that kills its worker
    takes nothing else with it; after its last try it is dead.
    """
    token = secrets.token_hex(16)
    due = _due(now).limit(min(limit, rules.MAX_CLAIM)).with_for_update(skip_locked=True, of=job).cte("due")
    statement = (
        update(job)
        .where(job.c.id.in_(select(due.c.id)))
        .values(
            state=RUNNING,
            token=token,
            due_at=now + lease_ms,
            tries=job.c.tries + 1,
            lost=job.c.lost + case((job.c.state == RUNNING, 1), else_=0),
        )
        .returning(job.c.id, job.c.kind, job.c.arguments, job.c.created_at, job.c.tries, job.c.max_tries, job.c.lost)
    )
    found = [_claimed(row, token) for row in session.execute(statement)]
    found.sort(key=lambda one: (one.lost > 0, one.id))
    return _without_suspects(session, found, now)


def extend(session: Session, jobs: Collection[Claimed], *, now: int, lease_ms: int = rules.LEASE_MS) -> set[int]:
    """Prolongs the leases (a worker's heartbeat); the ids that it still holds."""
    return _change_held(session, jobs, now, due_at=now + lease_ms)


def complete(session: Session, jobs: Collection[Claimed], *, now: int) -> set[int]:
    """Marks jobs as done; the ids for which the lease still held, all others stay as they are.

    The arguments are forgotten: a mail's text shall not lie in the table for weeks.
    """
    gone = {"token": None, "arguments": "{}", "last_error": ""}
    done = _change_held(session, jobs, now, state=DONE, due_at=None, finished_at=now, **gone)
    if done:
        events.announce(session, JobsDone(frozenset(done), now))
    return done


def fail(session: Session, one: Claimed, reason: str, *, now: int, chance: float, final: bool = False) -> bool:
    """Plans the next try or, after the last, marks the job as dead; False when the lease was over."""
    reason = reason[: rules.REASON_LENGTH]
    values: dict[str, Any] = {"token": None, "last_error": reason}
    is_last = rules.is_last(one.tries, one.max_tries, final=final)
    if is_last:
        values |= {"state": DEAD, "due_at": None, "finished_at": now}
    else:
        values |= {"state": WAITING, "due_at": now + rules.pause_ms(one.tries, chance)}
    held = bool(_change_held(session, (one,), now, **values))
    if held and is_last:
        events.announce(session, JobDied(one.id, one.kind, reason, now))
    return held


def give_back(session: Session, jobs: Collection[Claimed], *, now: int) -> set[int]:
    """Returns jobs that were not begun: due at once, without counting a try."""
    return _change_held(session, jobs, now, state=WAITING, due_at=now, token=None, tries=job.c.tries - 1)


def _due(now: int) -> Select[tuple[int]]:
    return select(job.c.id).where(job.c.due_at <= now, job.c.kind.not_in(_paused)).order_by(job.c.due_at)


def _claimed(row: Any, token: str) -> Claimed:
    return Claimed(
        row.id, row.kind, json.loads(row.arguments), row.created_at, row.tries, row.max_tries, row.lost, token
    )


def _without_suspects(session: Session, found: Sequence[Claimed], now: int) -> list[Claimed]:
    """All fresh jobs and the first of those whose worker ended in the middle."""
    fresh = [one for one in found if not one.lost]
    suspects = [one for one in found if one.lost]
    for one in suspects:
        if one.tries > one.max_tries:
            fail(session, one, LOST_TOO_OFTEN, now=now, chance=0.0)
    alive = [one for one in suspects if one.tries <= one.max_tries]
    give_back(session, alive[1:], now=now)
    return [*fresh, *alive[:1]]


def _change_held(session: Session, jobs: Iterable[Claimed], now: int, **values: Any) -> set[int]:
    """Changes those of the jobs whose token and lease still hold; their ids."""
    tokens: dict[str, list[int]] = {}
    for one in jobs:
        tokens.setdefault(one.token, []).append(one.id)
    changed: set[int] = set()
    for token, ids in tokens.items():
        held = (job.c.id.in_(ids), job.c.token == token, job.c.due_at > now)
        changed.update(session.scalars(update(job).where(*held).values(**values).returning(job.c.id)))
    return changed

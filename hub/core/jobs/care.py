"""What people and the clock do to jobs: retry, pause, resume, look, count, tidy, plan."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from hub.core.db import Session
from hub.core.jobs import queue, rules
from hub.core.jobs.rules import Schedule
from hub.core.jobs.table import DEAD, DONE, RUNNING, WAITING, JobRow, PauseRow, SlotRow

TIDY_BATCH = 500  # jobs
VIEWS = (WAITING, RUNNING, DEAD, DONE)


@dataclass(frozen=True)
class JobNow:
    """A job as people see it; moments in ms; `due_at` is the next try or the end of the lease."""

    id: int
    kind: str
    state: str
    created_at: int
    due_at: int | None
    tries: int
    max_tries: int
    finished_at: int | None
    last_error: str


@dataclass(frozen=True)
class Counts:
    """Jobs by state; `late_ms` is how long the oldest due job has been waiting."""

    waiting: int
    running: int
    dead: int
    done: int
    late_ms: int


def retry(session: Session, job_ids: Collection[int], *, now: int) -> dict[int, str]:
    """Gives dead jobs all their tries again, at once; id -> kind of those that were dead."""
    statement = (
        update(JobRow)
        .where(JobRow.id.in_(job_ids), JobRow.state == DEAD)
        .values(state=WAITING, due_at=now, tries=0, lost=0, finished_at=None)
        .returning(JobRow.id, JobRow.kind)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def pause(session: Session, kind: str, *, now: int) -> None:
    """No job of this kind is begun any more; what runs goes on."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(dialect.insert(PauseRow).values(kind=kind, since=now).on_conflict_do_nothing())


def resume(session: Session, kind: str) -> None:
    """Ends a pause."""
    session.execute(delete(PauseRow).where(PauseRow.kind == kind))


def paused(session: Session) -> dict[str, int]:
    """kind -> since when it is paused, ms."""
    return {row.kind: row.since for row in session.scalars(select(PauseRow).order_by(PauseRow.kind))}


def kinds(session: Session) -> list[str]:
    """Every kind of which there is a job that is not finished, or which is paused."""
    open_kinds = select(JobRow.kind).where(JobRow.due_at.is_not(None))
    return sorted(session.scalars(open_kinds.union(select(PauseRow.kind))))


def counts(session: Session, now: int) -> Counts:
    """How many jobs there are in each state."""
    rows = session.execute(select(JobRow.state, func.count()).group_by(JobRow.state))
    found = {row[0]: row[1] for row in rows}
    in_line = select(JobRow.due_at).where(JobRow.due_at.is_not(None), JobRow.state == WAITING)
    oldest = session.scalar(in_line.order_by(JobRow.due_at).limit(1))
    late = max(0, now - oldest) if oldest is not None else 0
    return Counts(found.get(WAITING, 0), found.get(RUNNING, 0), found.get(DEAD, 0), found.get(DONE, 0), late)


def listed(session: Session, state: str, *, limit: int, offset: int = 0) -> list[JobNow]:
    """Jobs in one state: those that are next first, of finished ones the newest first."""
    moment: ColumnElement[int | None] = JobRow.due_at.expression
    order = [moment, JobRow.id] if state in (WAITING, RUNNING) else [JobRow.finished_at.desc(), JobRow.id.desc()]
    columns = [getattr(JobRow, name) for name in JobNow.__dataclass_fields__]
    statement = select(*columns).where(JobRow.state == state).order_by(*order).limit(limit).offset(offset)
    return [JobNow(*row) for row in session.execute(statement)]


def tidy(session: Session, *, done_before: int, dead_before: int) -> int:
    """Deletes finished jobs that ended before these moments (ms), at most 500; how many there were."""
    deleted = 0
    for state, before in ((DONE, done_before), (DEAD, dead_before)):
        old = select(JobRow.id).where(JobRow.state == state, JobRow.finished_at < before)
        some = old.order_by(JobRow.finished_at).limit(TIDY_BATCH - deleted)
        statement = delete(JobRow).where(JobRow.id.in_(some)).returning(JobRow.id)
        deleted += len(session.scalars(statement).all())
    return deleted


def forget_arguments(session: Session, kind: str, *, dead_before: int) -> int:
    """Empties the arguments of this kind's jobs that died before this moment (ms); how many there were."""
    old = (JobRow.kind == kind, JobRow.state == DEAD, JobRow.finished_at < dead_before, JobRow.arguments != "{}")
    return len(session.scalars(update(JobRow).where(*old).values(arguments="{}").returning(JobRow.id)).all())


def drop(session: Session, kind: str, mark: str) -> int:
    """Deletes this kind's waiting and dead jobs whose arguments hold `mark`, a word nobody else uses; how many."""
    where = (JobRow.kind == kind, JobRow.state.in_((WAITING, DEAD)), JobRow.arguments.contains(mark, autoescape=True))
    return len(session.scalars(delete(JobRow).where(*where).returning(JobRow.id)).all())


def unplanned(session: Session, schedules: Sequence[Schedule], now: int) -> list[Schedule]:
    """Those schedules whose newest slot is not planned yet; only reads."""
    known = {row.name: row.slot for row in session.scalars(select(SlotRow))}
    return [one for one in schedules if known.get(one.name, -1) < rules.newest_slot(one, now)]


def plan(session: Session, schedule: Schedule, now: int) -> int | None:
    """Adds the job of the newest slot, whose moment it finds as `slot`; None when that was done before.

    Slots that were missed before the newest are left out. A schedule that is seen for the first time begins with its
    next slot.
    """
    slot = rules.newest_slot(schedule, now)
    moved = (
        update(SlotRow)
        .where(SlotRow.name == schedule.name, SlotRow.slot < slot)
        .values(slot=slot)
        .returning(SlotRow.name)
    )
    if session.execute(moved).first() is None:
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        session.execute(dialect.insert(SlotRow).values(name=schedule.name, slot=slot).on_conflict_do_nothing())
        return None
    key = f"schedule:{schedule.name}:{slot}"
    return queue.add(session, schedule.kind, {**schedule.arguments, "slot": slot}, now=now, unique_key=key)

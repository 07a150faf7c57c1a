"""Tables of tasks and of when people were told about a kind of job."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    delete,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session
from hub.core.rows import touched

Condition = ColumnElement[bool]
OPEN = text("done_at IS NULL")


class TaskRow(Base):
    """What a person must look after: a job that died. Done once `done_at` is set, taken while `taken_by` is.

    `done_by` is empty when the job went well after all. When an account is deleted, its tasks are free again.
    """

    __tablename__ = "operations_task"
    __table_args__ = (Index("operations_task_open", "kind", "since", sqlite_where=OPEN, postgresql_where=OPEN),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), Identity(), primary_key=True)
    job_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    kind: Mapped[str] = mapped_column(String(60))
    reason: Mapped[str] = mapped_column(String(200))
    since: Mapped[int] = mapped_column(BigInteger)
    deaths: Mapped[int] = mapped_column(Integer)
    retried_at: Mapped[int | None] = mapped_column(BigInteger)
    taken_by: Mapped[int | None] = mapped_column(ForeignKey("account_person.id", ondelete="SET NULL"))
    taken_at: Mapped[int | None] = mapped_column(BigInteger)
    done_by: Mapped[int | None] = mapped_column(ForeignKey("account_person.id", ondelete="SET NULL"))
    done_at: Mapped[int | None] = mapped_column(BigInteger, index=True)
    note: Mapped[str] = mapped_column(String(500))


class AlertRow(Base):
    """When people were told last that a job of this kind died."""

    __tablename__ = "operations_alert"

    kind: Mapped[str] = mapped_column(String(60), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger)


def open_task(session: Session, job_id: int, kind: str, reason: str, now: int) -> None:
    """The task of a dead job; one that died before has its old task again, which stays with whoever took it."""
    values = {"job_id": job_id, "kind": kind, "reason": reason, "since": now, "deaths": 1, "note": ""}
    again = {"reason": reason, "since": now, "deaths": TaskRow.deaths + 1, "retried_at": None}
    reopened = {"done_at": None, "done_by": None, "note": ""}
    statement = _insert(session, TaskRow).values(values)
    session.execute(statement.on_conflict_do_update(index_elements=["job_id"], set_=again | reopened))


def close_tasks(session: Session, job_ids: Collection[int], now: int) -> None:
    """The jobs went well, so nobody must look after them."""
    where = (TaskRow.job_id.in_(job_ids), TaskRow.done_at.is_(None))
    session.execute(update(TaskRow).where(*where).values(done_at=now))


def may_alert(session: Session, kind: str, now: int, pause_ms: int) -> bool:
    """True for the first caller of a kind within `pause_ms`."""
    statement = _insert(session, AlertRow).values(kind=kind, at=now)
    later = statement.on_conflict_do_update(
        index_elements=["kind"], set_={"at": now}, where=AlertRow.at <= now - pause_ms
    )
    return session.execute(later.returning(AlertRow.kind)).first() is not None


def open_kinds(session: Session) -> Sequence[tuple[str, int, int]]:
    """(kind, tasks, since when) of what is not done, the oldest first."""
    first = func.min(TaskRow.since)
    rows = session.execute(
        select(TaskRow.kind, func.count(), first).where(TaskRow.done_at.is_(None)).group_by(TaskRow.kind)
    )
    return sorted(((row[0], row[1], row[2]) for row in rows), key=lambda one: one[2])


def open_reasons(session: Session, kind: str, limit: int) -> Sequence[tuple[str, int]]:
    """(reason, tasks) of a kind's tasks that are not done, the most frequent first."""
    number = func.count()
    where = (TaskRow.kind == kind, TaskRow.done_at.is_(None))
    rows = select(TaskRow.reason, number).where(*where).group_by(TaskRow.reason)
    return [(row[0], row[1]) for row in session.execute(rows.order_by(number.desc(), TaskRow.reason).limit(limit))]


def open_tasks(session: Session, kind: str, limit: int) -> Sequence[TaskRow]:
    """Tasks of a kind that are not done, the oldest first."""
    rows = select(TaskRow).where(TaskRow.kind == kind, TaskRow.done_at.is_(None))
    return session.scalars(rows.order_by(TaskRow.since, TaskRow.id).limit(limit)).all()


def done_tasks(session: Session, limit: int) -> Sequence[TaskRow]:
    """The newest that are done."""
    done = select(TaskRow).where(TaskRow.done_at.is_not(None))
    return session.scalars(done.order_by(TaskRow.done_at.desc(), TaskRow.id.desc()).limit(limit)).all()


def count_done(session: Session) -> int:
    """How many are done and kept."""
    return session.scalar(select(func.count()).select_from(TaskRow).where(TaskRow.done_at.is_not(None))) or 0


def change(
    session: Session, chosen: Condition, state: Condition, limit: int, values: Mapping[str, Any]
) -> list[TaskRow]:
    """Changes those of the chosen tasks that are in a state, at most `limit`; of two callers one gets a task."""
    some = select(TaskRow.id).where(chosen, state, TaskRow.done_at.is_(None)).order_by(TaskRow.id).limit(limit)
    where = (TaskRow.id.in_(some), state, TaskRow.done_at.is_(None))
    return list(session.scalars(update(TaskRow).where(*where).values(**values).returning(TaskRow)))


def one(task_id: int) -> Condition:
    """One task."""
    return TaskRow.id == task_id


def of_kind(kind: str) -> Condition:
    """All of a kind."""
    return TaskRow.kind == kind


def free() -> Condition:
    """Taken by nobody."""
    return TaskRow.taken_by.is_(None)


def taken() -> Condition:
    """Taken by anybody."""
    return TaskRow.taken_by.is_not(None)


def free_for(person_id: int) -> Condition:
    """Taken by nobody else."""
    return or_(TaskRow.taken_by.is_(None), TaskRow.taken_by == person_id)


def mark_retried(session: Session, job_ids: Collection[int], now: int) -> None:
    """Notes that the jobs are tried again; of a task that was done, too."""
    session.execute(update(TaskRow).where(TaskRow.job_id.in_(job_ids)).values(retried_at=now))


def forget_done(session: Session, before: int) -> int:
    """Deletes what was done before a moment; how many."""
    return touched(session, delete(TaskRow).where(TaskRow.done_at < before))


def _insert(session: Session, table: type[Base]) -> Any:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    return dialect.insert(table)

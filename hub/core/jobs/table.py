"""Tables of jobs, paused kinds and schedules.

`due_at` is the one column that claims look at: for a waiting job the moment of its next try, for a running one the end
of its lease, for a finished one NULL.
"""

from sqlalchemy import BigInteger, Identity, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base

__all__ = ["DEAD", "DONE", "RUNNING", "WAITING", "JobRow", "PauseRow", "SlotRow"]

WAITING, RUNNING, DONE, DEAD = "waiting", "running", "done", "dead"


def _partial(name: str, *columns: str, unique: bool = False) -> Index:
    """An index over those rows alone whose last column is set."""
    where = text(f"{columns[-1]} IS NOT NULL")
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


class JobRow(Base):
    """A job; `lost` counts the leases that ended while nobody had said how the job went."""

    __tablename__ = "core_job"
    __table_args__ = (
        _partial("core_job_due", "due_at"),
        _partial("core_job_finished", "state", "finished_at"),
        _partial("core_job_unique", "unique_key", unique=True),
        {"sqlite_autoincrement": True},  # an id never comes back: it is part of the key that outside services know
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    arguments: Mapped[str] = mapped_column(Text)
    unique_key: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[int] = mapped_column(BigInteger)
    due_at: Mapped[int | None] = mapped_column(BigInteger)
    tries: Mapped[int] = mapped_column(Integer)
    max_tries: Mapped[int] = mapped_column(Integer)
    lost: Mapped[int] = mapped_column(Integer)
    token: Mapped[str | None] = mapped_column(String(32))
    finished_at: Mapped[int | None] = mapped_column(BigInteger)
    last_error: Mapped[str] = mapped_column(String(200))


class PauseRow(Base):
    """A kind whose jobs wait until a person says otherwise."""

    __tablename__ = "core_job_pause"

    kind: Mapped[str] = mapped_column(String(60), primary_key=True)
    since: Mapped[int] = mapped_column(BigInteger)


class SlotRow(Base):
    """The newest slot of a schedule that was planned."""

    __tablename__ = "core_job_schedule"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    slot: Mapped[int] = mapped_column(BigInteger)

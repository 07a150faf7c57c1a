"""The log's table, which the database itself lets nobody change."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Index, Select, String, Text, insert, select, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.append_only import Guard
from hub.core.audit import rules
from hub.core.audit.rules import Entry, Wanted
from hub.core.db import Base, Session

_LOCK = 0x5374_6B6E  # any number that nothing else locks
_BATCH = 5000


class EntryRow(Base):
    """An entry of the log."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("audit_entry_actor", "actor", "number"),
        Index("audit_entry_action", "action", "number"),
    )

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[int] = mapped_column(BigInteger, index=True)
    actor: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(120), index=True)
    details: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(String(64))


_GUARD = Guard("audit_refuse", "the audit log", {"audit_entry": "audit"})
SQLITE_GUARDS, POSTGRES_GUARDS = _GUARD.sqlite(), _GUARD.postgres()
_GUARD.watch(EntryRow)

_table = EntryRow.__table__


@dataclass(frozen=True)
class Verdict:
    """How many entries fit together, the newest hash, and the first number that does not fit."""

    entries: int
    head: str
    first_bad: int | None


def note(
    session: Session,
    action: str,
    *,
    actor: str,
    now: int,
    subject: str = "",
    details: Mapping[str, str | int | bool] | None = None,
) -> None:
    """Writes an entry in the caller's transaction; ValueError for what does not belong into the log."""
    written = rules.checked_details(action, actor, subject, details or {})
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer at a time anyway
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    last = session.execute(select(_table.c.number, _table.c.hash).order_by(_table.c.number.desc()).limit(1)).first()
    number, before = (last[0] + 1, last[1]) if last is not None else (1, rules.START)
    fields = {"number": number, "at": now, "actor": actor, "action": action, "subject": subject, "details": written}
    session.execute(insert(_table).values(**fields, hash=rules.entry_hash(before, *fields.values())))  # type: ignore[arg-type]


def verify(session: Session) -> Verdict:
    """Reads the whole log and follows the chain."""
    expected, before = 1, rules.START
    for number, at, actor, action, subject, details, seal in _rows(session):
        fits = number == expected and seal == rules.entry_hash(before, number, at, actor, action, subject, details)
        if not fits:
            return Verdict(expected - 1, before, expected)
        expected, before = expected + 1, seal
    return Verdict(expected - 1, before, None)


def has_hash(session: Session, seal: str) -> bool:
    """Whether an entry with this hash is in the log."""
    return session.execute(select(_table.c.number).where(_table.c.hash == seal)).first() is not None


def entries(session: Session, since: int, until: int) -> Iterator[Entry]:
    """Entries of a time (ms), the oldest first."""
    chosen = select(_table).where(_table.c.at >= since, _table.c.at < until).order_by(_table.c.number)
    for row in session.execute(chosen.execution_options(yield_per=_BATCH)):
        yield Entry(*row)


def newest(session: Session, limit: int, before: int | None = None, wanted: Wanted = rules.ALL) -> list[Entry]:
    """The newest entries (older than the number `before`)."""
    chosen = _chosen(wanted).order_by(_table.c.number.desc()).limit(limit)
    if before is not None:
        chosen = chosen.where(_table.c.number < before)
    return [Entry(*row) for row in session.execute(chosen)]


def about(session: Session, who: str, limit: int) -> list[Entry]:
    """The newest entries by or about somebody (person:17), also where they acted for somebody else."""
    mine = (_table.c.actor == who) | (_table.c.subject == who) | _table.c.actor.startswith(f"{who} for ")
    chosen = select(_table).where(mine).order_by(_table.c.number.desc()).limit(limit)
    return [Entry(*row) for row in session.execute(chosen)]


def following(
    session: Session, limit: int, after: int = 0, wanted: Wanted = rules.ALL, last: int | None = None
) -> list[Entry]:
    """The next entries after a number (up to the number `last`), the oldest first."""
    chosen = _chosen(wanted).where(_table.c.number > after).order_by(_table.c.number).limit(limit)
    if last is not None:
        chosen = chosen.where(_table.c.number <= last)
    return [Entry(*row) for row in session.execute(chosen)]


def _chosen(wanted: Wanted) -> Select[Any]:
    chosen = select(_table)
    if wanted.action:
        chosen = chosen.where(_table.c.action == wanted.action)
    if wanted.actor:
        for_others = _table.c.actor.startswith(f"{wanted.actor} for ", autoescape=True)
        chosen = chosen.where((_table.c.actor == wanted.actor) | for_others)
    if wanted.subjects:
        chosen = chosen.where(_table.c.subject.in_(wanted.subjects))
    if wanted.since is not None:
        chosen = chosen.where(_table.c.at >= wanted.since)
    return chosen if wanted.until is None else chosen.where(_table.c.at < wanted.until)


def _rows(session: Session) -> Iterator[Any]:
    """Every row through the driver's own cursor, which is several times as fast."""
    statement = "SELECT number, at, actor, action, subject, details, hash FROM audit_entry ORDER BY number"
    # streamed: PostgreSQL's driver would hold the whole log in memory
    result = session.connection().exec_driver_sql(statement, execution_options={"stream_results": True})
    for batch in result.partitions(_BATCH):
        yield from batch

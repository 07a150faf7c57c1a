"""What came in, kept. Statements take whole batches, because ingest's speed is decided here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from hub.core.db import Base, Session
from hub.ingest.store.clocks import Held, add_held, clocks, forget_clocks, held_before, release, save_clock
from hub.ingest.store.export import complete_upto, cursor, messages_after, save_cursor, writing
from hub.ingest.store.ledger import (
    OpenGap,
    OutboxSums,
    add_to_sums,
    closed_gaps,
    forget_gaps,
    ledgers,
    missing,
    numbered,
    open_gaps,
    outboxes,
    save_ledger,
)
from hub.ingest.store.tables import Aside, Counter, Message, Minute

__all__ = [
    "MAX_KEPT_BYTES",
    "AsideRow",
    "Held",
    "OpenGap",
    "OutboxSums",
    "add_held",
    "add_messages",
    "add_to_sums",
    "aside",
    "clocks",
    "closed_gaps",
    "complete_upto",
    "count",
    "count_minute",
    "counters",
    "cursor",
    "forget",
    "forget_clocks",
    "held_before",
    "keep_aside",
    "ledgers",
    "messages_after",
    "minutes",
    "missing",
    "numbered",
    "open_gaps",
    "outboxes",
    "release",
    "save_clock",
    "save_cursor",
    "save_ledger",
    "writing",
]

MAX_KEPT_ASIDE = 10_000  # rows; garbage must not fill the disk
MAX_KEPT_BYTES = 4096
_MESSAGES = Base.metadata.tables[Message.__tablename__]
AT_ONCE = 5_000  # rows deleted in one go: the writer serves others, too


@dataclass(frozen=True)
class AsideRow:
    """One refused or quarantined message as the control room shows it."""

    verdict: str
    reason: str
    node: str
    topic: str
    payload: bytes
    size: int
    received_at: int


def upsert(session: Session, table: Any, rows: Sequence[Mapping[str, object]], add: str) -> None:
    """Inserts rows; where the key exists, adds the column `add` to what is there."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    keys = list(table.__table__.primary_key)
    column = getattr(table, add)
    session.execute(
        statement.on_conflict_do_update(index_elements=keys, set_={add: column + getattr(statement.excluded, add)}),
        list(rows),
    )


def add_messages(session: Session, rows: Sequence[Mapping[str, object]]) -> None:
    """Stores new messages; IntegrityError when one is there already."""
    if rows:  # the table instead of the class: ORM bookkeeping would cost as much again
        session.connection().execute(_MESSAGES.insert(), list(rows))


def keep_aside(session: Session, rows: Sequence[Mapping[str, object]]) -> None:
    """Keeps refused and quarantined messages, the newest `MAX_KEPT_ASIDE` of them."""
    if not rows:
        return
    session.execute(insert(Aside), list(rows))
    oldest_kept = session.execute(select(func.max(Aside.id))).scalar_one() - MAX_KEPT_ASIDE
    session.execute(delete(Aside).where(Aside.id <= oldest_kept))


def count(session: Session, counts: Mapping[tuple[str, str], int], worker: int = 0) -> None:
    """Adds to the totals."""
    rows = [
        {"name": name, "detail": detail, "worker": worker, "value": value}
        for (name, detail), value in sorted(counts.items())
        if value
    ]
    if rows:
        upsert(session, Counter, rows, "value")


def count_minute(session: Session, now: int, received: int, worker: int = 0) -> None:
    """Adds to the present minute."""
    if received:
        row = {"minute": now - now % 60_000, "worker": worker, "received": received}
        upsert(session, Minute, [row], "received")


def counters(session: Session) -> dict[tuple[str, str], int]:
    """All totals by (name, detail)."""
    sums = select(Counter.name, Counter.detail, func.sum(Counter.value)).group_by(Counter.name, Counter.detail)
    return {(name, detail): int(value) for name, detail, value in session.execute(sums)}


def minutes(session: Session, since: int) -> dict[int, int]:
    """Messages per minute since a moment; a minute without any is absent."""
    sums = select(Minute.minute, func.sum(Minute.received)).where(Minute.minute >= since).group_by(Minute.minute)
    return {minute: int(received) for minute, received in session.execute(sums)}


def aside(session: Session, limit: int) -> list[AsideRow]:
    """The newest messages that were kept aside."""
    rows = session.execute(select(Aside).order_by(Aside.id.desc()).limit(limit)).scalars()
    return [AsideRow(r.verdict, r.reason, r.node, r.topic, r.payload, r.size, r.received_at) for r in rows]


def forget(session: Session, before: int) -> int:
    """Deletes what is older than `before`, at most `AT_ONCE` messages; the ledger still knows their numbers."""
    session.execute(delete(Minute).where(Minute.minute < before))
    forget_gaps(session, before)
    session.execute(delete(Aside).where(Aside.received_at < before))
    oldest = select(Message.id).where(Message.received_at < before).order_by(Message.received_at).limit(AT_ONCE)
    ids = list(session.execute(oldest).scalars())
    if ids:
        session.execute(delete(Message).where(Message.id.in_(ids)))
    return len(ids)

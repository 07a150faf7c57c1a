"""Tables of what came in. Statements take whole batches, because ingest's speed is decided here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session
from hub.ingest.rules import Ledger, Range

KEY = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts up by itself in INTEGER keys alone
MAX_KEPT_ASIDE = 10_000  # rows; garbage must not fill the disk
MAX_KEPT_BYTES = 4096


class Message(Base):
    """A durable message; the constraint is what makes "exactly once" true."""

    __tablename__ = "ingest_message"
    __table_args__ = (
        UniqueConstraint("node", "outbox", "seq", name="uq_ingest_message"),
        Index("ix_ingest_message_received", "received_at"),
    )
    id: Mapped[int] = mapped_column(KEY, Identity(), primary_key=True)
    node: Mapped[str] = mapped_column(String(63))
    outbox: Mapped[str] = mapped_column(String(64))
    seq: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(16))
    ts: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[int] = mapped_column(BigInteger)
    body: Mapped[str] = mapped_column(Text)


class Outbox(Base):
    """The ledger's head of one outbox."""

    __tablename__ = "ingest_outbox"
    node: Mapped[str] = mapped_column(String(63), primary_key=True)
    outbox: Mapped[str] = mapped_column(String(64), primary_key=True)
    highest: Mapped[int] = mapped_column(BigInteger)
    first_seen: Mapped[int] = mapped_column(BigInteger)
    last_seen: Mapped[int] = mapped_column(BigInteger)


class Gap(Base):
    """A range that has not come yet, or came late (closed_at)."""

    __tablename__ = "ingest_gap"
    __table_args__ = (Index("ix_ingest_gap_open", "node", "outbox", "closed_at"),)
    id: Mapped[int] = mapped_column(KEY, Identity(), primary_key=True)
    node: Mapped[str] = mapped_column(String(63))
    outbox: Mapped[str] = mapped_column(String(64))
    first: Mapped[int] = mapped_column(BigInteger)
    last: Mapped[int] = mapped_column(BigInteger)
    opened_at: Mapped[int] = mapped_column(BigInteger)
    closed_at: Mapped[int | None] = mapped_column(BigInteger)


class Aside(Base):
    """A message that was refused or put into quarantine, with the reason."""

    __tablename__ = "ingest_aside"
    __table_args__ = (Index("ix_ingest_aside_received", "received_at"),)
    id: Mapped[int] = mapped_column(KEY, Identity(), primary_key=True)
    verdict: Mapped[str] = mapped_column(String(16))  # refused or quarantined
    reason: Mapped[str] = mapped_column(String(80))
    node: Mapped[str] = mapped_column(String(63))
    topic: Mapped[str] = mapped_column(String(200))
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    size: Mapped[int] = mapped_column(Integer)
    received_at: Mapped[int] = mapped_column(BigInteger)


class Counter(Base):
    """Totals since the first start, by name and detail."""

    __tablename__ = "ingest_counter"
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    detail: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


class Minute(Base):
    """How many durable messages came in each minute, for the control room's line."""

    __tablename__ = "ingest_minute"
    minute: Mapped[int] = mapped_column(BigInteger, primary_key=True)  # ms at its start
    received: Mapped[int] = mapped_column(BigInteger)


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


@dataclass(frozen=True)
class OpenGap:
    """A range of messages that is missing."""

    node: str
    outbox: str
    first: int
    last: int
    opened_at: int


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


def ledgers(session: Session, keys: Iterable[tuple[str, str]], now: int) -> dict[tuple[str, str], Ledger]:
    """The ledgers of the outboxes, locked until the end of the transaction; a new one is made for an unknown outbox."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    found: dict[tuple[str, str], Ledger] = {}
    for node, outbox in sorted(keys):  # sorted: two workers lock in the same order
        fresh = {"node": node, "outbox": outbox, "highest": 0, "first_seen": now, "last_seen": now}
        session.execute(dialect.insert(Outbox).values(fresh).on_conflict_do_nothing())
        where = (Outbox.node == node, Outbox.outbox == outbox)
        highest = session.execute(select(Outbox.highest).where(*where).with_for_update()).scalar_one()
        still_open = (Gap.node == node, Gap.outbox == outbox, Gap.closed_at.is_(None))
        gaps = session.execute(select(Gap.first, Gap.last).where(*still_open).order_by(Gap.first)).all()
        found[node, outbox] = Ledger(highest, tuple((first, last) for first, last in gaps))
    return found


def save_ledger(session: Session, key: tuple[str, str], before: Ledger, after: Ledger, now: int) -> None:
    """Writes what changed in one ledger; a gap that shrank keeps its age."""
    node, outbox = key
    where = (Outbox.node == node, Outbox.outbox == outbox)
    session.execute(update(Outbox).where(*where).values(highest=after.highest, last_seen=now))
    gone, made = set(before.gaps) - set(after.gaps), set(after.gaps) - set(before.gaps)
    for first, last in gone:
        _close(session, key, (first, last), now)
    for piece in made:
        opened = _age(session, key, piece, gone) or now
        row = {"node": node, "outbox": outbox, "first": piece[0], "last": piece[1], "opened_at": opened}
        session.execute(insert(Gap).values(**row, closed_at=None))


def _close(session: Session, key: tuple[str, str], gap: Range, now: int) -> None:
    where = (Gap.node == key[0], Gap.outbox == key[1], Gap.first == gap[0], Gap.last == gap[1])
    session.execute(update(Gap).where(*where, Gap.closed_at.is_(None)).values(closed_at=now))


def _age(session: Session, key: tuple[str, str], piece: Range, gone: set[Range]) -> int | None:
    """When the gap was opened that `piece` is a rest of."""
    for first, last in gone:
        if first <= piece[0] and piece[1] <= last:
            where = (Gap.node == key[0], Gap.outbox == key[1], Gap.first == first, Gap.last == last)
            return session.execute(select(func.max(Gap.opened_at)).where(*where)).scalar()
    return None


def add_messages(session: Session, rows: Sequence[Mapping[str, object]]) -> None:
    """Stores new messages; IntegrityError when one is there already."""
    if rows:
        session.execute(insert(Message), list(rows))


def keep_aside(session: Session, rows: Sequence[Mapping[str, object]]) -> None:
    """Keeps refused and quarantined messages, the newest `MAX_KEPT_ASIDE` of them."""
    if not rows:
        return
    session.execute(insert(Aside), list(rows))
    oldest_kept = session.execute(select(func.max(Aside.id))).scalar_one() - MAX_KEPT_ASIDE
    session.execute(delete(Aside).where(Aside.id <= oldest_kept))


def count(session: Session, counts: Mapping[tuple[str, str], int]) -> None:
    """Adds to the totals."""
    rows = [{"name": name, "detail": detail, "value": value} for (name, detail), value in sorted(counts.items())]
    if rows:
        upsert(session, Counter, rows, "value")


def count_minute(session: Session, now: int, received: int) -> None:
    """Adds to the present minute."""
    if received:
        upsert(session, Minute, [{"minute": now - now % 60_000, "received": received}], "received")


def counters(session: Session) -> dict[tuple[str, str], int]:
    """All totals by (name, detail)."""
    return {(row.name, row.detail): row.value for row in session.execute(select(Counter)).scalars()}


def minutes(session: Session, since: int) -> dict[int, int]:
    """Messages per minute since a moment; a minute without any is absent."""
    rows = session.execute(select(Minute.minute, Minute.received).where(Minute.minute >= since)).all()
    return dict(rows)


def aside(session: Session, limit: int) -> list[AsideRow]:
    """The newest messages that were kept aside."""
    rows = session.execute(select(Aside).order_by(Aside.id.desc()).limit(limit)).scalars()
    return [AsideRow(r.verdict, r.reason, r.node, r.topic, r.payload, r.size, r.received_at) for r in rows]


def open_gaps(session: Session, limit: int) -> list[OpenGap]:
    """What is missing now, oldest first."""
    rows = session.execute(select(Gap).where(Gap.closed_at.is_(None)).order_by(Gap.opened_at).limit(limit)).scalars()
    return [OpenGap(row.node, row.outbox, row.first, row.last, row.opened_at) for row in rows]


def numbered(session: Session) -> int:
    """The sum of the highest numbers of all outboxes."""
    return int(session.execute(select(func.sum(Outbox.highest))).scalar() or 0)


def missing(session: Session) -> int:
    """How many messages are known to be missing."""
    total = session.execute(select(func.sum(Gap.last - Gap.first + 1)).where(Gap.closed_at.is_(None))).scalar()
    return int(total or 0)


def forget(session: Session, before: int) -> int:
    """Deletes messages, minutes and closed gaps older than `before`; the ledger still knows their numbers."""
    session.execute(delete(Minute).where(Minute.minute < before))
    session.execute(delete(Gap).where(Gap.closed_at < before))
    session.execute(delete(Aside).where(Aside.received_at < before))
    result = session.execute(delete(Message).where(Message.received_at < before))
    return int(getattr(result, "rowcount", 0))

"""Tables of what came in."""

from sqlalchemy import BigInteger, Boolean, Identity, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base

KEY = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts up by itself in INTEGER keys alone


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
    stored: Mapped[int] = mapped_column(BigInteger, default=0)
    duplicates: Mapped[int] = mapped_column(BigInteger, default=0)
    late: Mapped[int] = mapped_column(BigInteger, default=0)
    aside: Mapped[int] = mapped_column(BigInteger, default=0)
    skipped: Mapped[int] = mapped_column(BigInteger, default=0)
    held: Mapped[int] = mapped_column(BigInteger, default=0)


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
    """Totals since the first start, by name and detail; each worker has rows of its own, so that none waits."""

    __tablename__ = "ingest_counter"
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    detail: Mapped[str] = mapped_column(String(80), primary_key=True)
    worker: Mapped[int] = mapped_column(Integer, primary_key=True, default=0)
    value: Mapped[int] = mapped_column(BigInteger)


class Minute(Base):
    """How many durable messages came in each minute, for the control room's line."""

    __tablename__ = "ingest_minute"
    minute: Mapped[int] = mapped_column(BigInteger, primary_key=True)  # ms at its start
    worker: Mapped[int] = mapped_column(Integer, primary_key=True, default=0)
    received: Mapped[int] = mapped_column(BigInteger)


class Clock(Base):
    """What a machine's monotonic clock said when it was offset_ms past 1970; exact once its own clock was set."""

    __tablename__ = "ingest_clock"
    node: Mapped[str] = mapped_column(String(63), primary_key=True)
    boot: Mapped[str] = mapped_column(String(63), primary_key=True)
    offset_ms: Mapped[int] = mapped_column(BigInteger)
    exact: Mapped[bool] = mapped_column(Boolean)
    seen_at: Mapped[int] = mapped_column(BigInteger)


class Held(Base):
    """A durable message from before its node knew the time; it waits for a word from the same boot."""

    __tablename__ = "ingest_held"
    __table_args__ = (
        UniqueConstraint("node", "outbox", "seq", name="uq_ingest_held"),
        Index("ix_ingest_held_boot", "node", "boot"),
    )
    id: Mapped[int] = mapped_column(KEY, Identity(), primary_key=True)
    node: Mapped[str] = mapped_column(String(63))
    boot: Mapped[str] = mapped_column(String(63))
    outbox: Mapped[str] = mapped_column(String(64))
    seq: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(16))
    received_at: Mapped[int] = mapped_column(BigInteger)
    body: Mapped[str] = mapped_column(Text)

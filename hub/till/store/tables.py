"""Tables of the tills. A till's book and its closings are append-only: the database itself refuses changes."""

from datetime import date

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.append_only import Guard
from hub.core.db import Base

BigId = BigInteger().with_variant(Integer(), "sqlite")


def _zero() -> Mapped[int]:
    return mapped_column(BigInteger, default=0, server_default="0")


def _text(length: int) -> Mapped[str]:
    return mapped_column(String(length), default="", server_default="")


class TillRow(Base):
    """A till; its key is known by its SHA-256 alone, `public_key` is what its offers are signed with."""

    __tablename__ = "till_till"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    operation: Mapped[str] = mapped_column(String(40))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    public_key: Mapped[str] = _text(90)
    created_at: Mapped[int] = mapped_column(BigInteger)
    ended_at: Mapped[int] = _zero()
    seen_at: Mapped[int] = _zero()


class GapRow(Base):
    """A time in which a till was not heard of for longer than it may sell alone."""

    __tablename__ = "till_gap"

    till: Mapped[str] = mapped_column(ForeignKey("till_till.name"), primary_key=True)
    since: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    until: Mapped[int] = mapped_column(BigInteger, index=True)


class DeviceRow(Base):
    """A phone that makes codes of somebody's pass; its private key never leaves it."""

    __tablename__ = "till_device"

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    key: Mapped[str] = mapped_column(String(16), unique=True)
    public_key: Mapped[str] = mapped_column(String(90), unique=True)
    person_id: Mapped[int] = mapped_column(Integer, index=True)
    session_id: Mapped[str] = mapped_column(String(24), index=True)
    name: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[int] = mapped_column(BigInteger)
    ended_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0", index=True)


class ScanRow(Base):
    """A code that was used: once for a purpose (look, pay, redeem, guest); `ref` is what it was used for."""

    __tablename__ = "till_scan"
    __table_args__ = (UniqueConstraint("token", "purpose"),)

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    token: Mapped[str] = mapped_column(String(28))
    purpose: Mapped[str] = mapped_column(String(10))
    till: Mapped[str] = mapped_column(String(40))
    ref: Mapped[str] = mapped_column(String(40))
    at: Mapped[int] = mapped_column(BigInteger, index=True)


class SaleRow(Base):
    """A sale; `number` is the till's own name for it. Owner and person go with the account, the sums stay.

    `is_late`: sold when the till had been alone for too long.
    """

    __tablename__ = "till_sale"
    __table_args__ = (
        UniqueConstraint("till", "number"),
        CheckConstraint("refunded >= 0 AND refunded <= cents", name="till_sale_refunded"),
        Index("till_sale_late", "received_at", sqlite_where=text("is_late"), postgresql_where=text("is_late")),
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    till: Mapped[str] = mapped_column(ForeignKey("till_till.name"))
    number: Mapped[str] = mapped_column(String(40))
    digest: Mapped[str] = mapped_column(String(32))
    receipt: Mapped[str] = mapped_column(String(24), unique=True)
    way: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(10), index=True)
    reason: Mapped[str] = _text(12)
    owner: Mapped[str] = mapped_column(String(60), index=True)
    person_id: Mapped[int | None] = mapped_column(Integer, index=True)
    cashier_id: Mapped[int | None] = mapped_column(Integer)
    payment_id: Mapped[str] = mapped_column(String(24), default="", server_default="", index=True)
    token: Mapped[str] = _text(28)
    lines: Mapped[str] = mapped_column(Text)
    cents: Mapped[int] = mapped_column(BigInteger)
    refunded: Mapped[int] = _zero()
    is_offline: Mapped[bool] = mapped_column(Boolean)
    is_late: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    at: Mapped[int] = mapped_column(BigInteger, index=True)
    received_at: Mapped[int] = mapped_column(BigInteger)


class EntryRow(Base):
    """A line of a till's book, numbered without gaps; `sums` (JSON) is tax rate -> cents, with their sign.

    `key` says what it is about (sale:17, refund:a3), so that nothing is written twice.
    """

    __tablename__ = "till_entry"
    __table_args__ = (UniqueConstraint("till", "key"),)

    till: Mapped[str] = mapped_column(ForeignKey("till_till.name"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(60))
    sale_id: Mapped[int] = mapped_column(BigId, ForeignKey("till_sale.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    way: Mapped[str] = mapped_column(String(8))
    sums: Mapped[str] = mapped_column(String(120))
    cents: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[int] = mapped_column(BigInteger)


class ClosingRow(Base):
    """A daily closing of the entries `first` to `last`: no two can end at the same one."""

    __tablename__ = "till_closing"
    __table_args__ = (UniqueConstraint("till", "key"), UniqueConstraint("till", "last"))

    till: Mapped[str] = mapped_column(ForeignKey("till_till.name"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(40))
    first: Mapped[int] = mapped_column(Integer)
    last: Mapped[int] = mapped_column(Integer)
    totals: Mapped[str] = mapped_column(Text)
    at: Mapped[int] = mapped_column(BigInteger)


class TicketRow(Base):
    """A season ticket or a card with entries; `source` and `position` say which purchase it came from, once."""

    __tablename__ = "till_ticket"
    __table_args__ = (
        UniqueConstraint("source", "position"),
        CheckConstraint("entries_left >= 0", name="till_ticket_left"),
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    source: Mapped[str] = mapped_column(String(40))
    position: Mapped[int] = mapped_column(Integer)
    operation: Mapped[str] = mapped_column(String(40))
    article: Mapped[str] = mapped_column(String(40))
    owner: Mapped[str] = mapped_column(String(60), index=True)
    person_id: Mapped[int | None] = mapped_column(Integer, index=True)
    entries_left: Mapped[int | None] = mapped_column(Integer)
    first: Mapped[date] = mapped_column(Date)
    last: Mapped[date | None] = mapped_column(Date)
    bought_at: Mapped[int] = mapped_column(BigInteger)
    ended_at: Mapped[int] = _zero()


class RedemptionRow(Base):
    """Somebody entered with a ticket; the till's key makes a repetition harmless."""

    __tablename__ = "till_redemption"
    __table_args__ = (UniqueConstraint("till", "key"), CheckConstraint("count > 0", name="till_redemption_count"))

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    till: Mapped[str] = mapped_column(ForeignKey("till_till.name"))
    key: Mapped[str] = mapped_column(String(40))
    ticket_id: Mapped[int] = mapped_column(BigId, ForeignKey("till_ticket.id"), index=True)
    count: Mapped[int] = mapped_column(Integer)
    day: Mapped[date] = mapped_column(Date)
    at: Mapped[int] = mapped_column(BigInteger)


class GrantRow(Base):
    """A guest gets the fee of a parking stay back: once, for the stay is the key. `cents` when it is `paid_at`."""

    __tablename__ = "till_parking_refund"

    stay: Mapped[str] = mapped_column(String(43), primary_key=True)
    till: Mapped[str] = mapped_column(String(40))
    site: Mapped[str] = mapped_column(String(63))
    owner: Mapped[str] = mapped_column(String(60), index=True)
    person_id: Mapped[int | None] = mapped_column(Integer, index=True)
    at: Mapped[int] = mapped_column(BigInteger)
    cents: Mapped[int] = _zero()
    paid_at: Mapped[int] = _zero()


GUARD = Guard("till_refuse", "the book of a till", {"till_entry": "till_entry", "till_closing": "till_closing"})
SQLITE_GUARDS, POSTGRES_GUARDS = GUARD.sqlite(), GUARD.postgres()
GUARD.watch(EntryRow, ClosingRow)

"""The book: accounts with their balances, transfers, and postings, of which the last two are append-only."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.append_only import Guard
from hub.core.db import Base

BigId = BigInteger().with_variant(Integer(), "sqlite")


class AccountRow(Base):
    """An account. The constraint on its floor stands behind the code that checks it: no overdraft, whoever writes."""

    __tablename__ = "payments_account"
    __table_args__ = (
        CheckConstraint("floor IS NULL OR balance >= floor", name="payments_account_floor"),
        CheckConstraint("day_limit IS NULL OR day_limit >= 0", name="payments_account_day_limit"),
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    balance: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    floor: Mapped[int | None] = mapped_column(BigInteger)
    day_limit: Mapped[int | None] = mapped_column(BigInteger)
    spent: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    spent_day: Mapped[int] = mapped_column(Integer, default=0, server_default="0")


class TransferRow(Base):
    """A transfer; its key is what makes a repetition harmless."""

    __tablename__ = "payments_transfer"

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    digest: Mapped[str] = mapped_column(String(32))
    what: Mapped[str] = mapped_column(String(60))
    at: Mapped[int] = mapped_column(BigInteger)


class PostingRow(Base):
    """Both entries of a movement in one row: out of one account, into another, so no row can break the sum."""

    __tablename__ = "payments_posting"
    __table_args__ = (
        CheckConstraint("cents > 0", name="payments_posting_cents"),
        CheckConstraint("source_id <> target_id", name="payments_posting_accounts"),
        Index("payments_posting_source", "source_id", "transfer_id"),
        Index("payments_posting_target", "target_id", "transfer_id"),
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    transfer_id: Mapped[int] = mapped_column(BigId, ForeignKey("payments_transfer.id"))
    source_id: Mapped[int] = mapped_column(BigId, ForeignKey("payments_account.id"))
    target_id: Mapped[int] = mapped_column(BigId, ForeignKey("payments_account.id"))
    cents: Mapped[int] = mapped_column(BigInteger)


GUARD = Guard(  # whoever writes both takes them in this order
    "payments_refuse",
    "the ledger",
    {"payments_transfer": "payments_transfer", "payments_posting": "payments_posting"},
)
SQLITE_GUARDS, POSTGRES_GUARDS = GUARD.sqlite(), GUARD.postgres()
GUARD.watch(TransferRow, PostingRow)

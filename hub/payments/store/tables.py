"""The book: accounts with their balances, transfers, and postings, of which the last two are append-only."""

from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    event,
)
from sqlalchemy.orm import Mapped, mapped_column

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


_GUARDED = ("payments_transfer", "payments_posting")
SQLITE_GUARDS = tuple(
    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
    "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
    for table in _GUARDED
    for verb in ("UPDATE", "DELETE")
)
POSTGRES_GUARDS = (
    "CREATE FUNCTION payments_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$",
    *(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION payments_refuse()"
        for table in _GUARDED
    ),
)
for _statement in SQLITE_GUARDS:
    event.listen(PostingRow.__table__, "after_create", DDL(_statement).execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]
for _statement in POSTGRES_GUARDS:
    event.listen(PostingRow.__table__, "after_create", DDL(_statement).execute_if(dialect="postgresql"))  # type: ignore[no-untyped-call]

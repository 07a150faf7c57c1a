"""Payments, attempts, refunds, notices, agreements, mandates, the bank's entries, machines, cards, receipts."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _number() -> sa.Column[int]:
    return sa.Column("id", _BIG, sa.Identity(), primary_key=True)


def _text(name: str, length: int, *, primary: bool = False, unique: bool | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, primary_key=primary, unique=unique)


def _word(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def _indexed(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, index=True)


def _cents(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _zero(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")


def _at(name: str, *, index: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, index=index)


def _payment(*, primary: bool = False, index: bool = False) -> sa.Column[str]:
    link = sa.ForeignKey("payments_payment.id")
    return sa.Column("payment_id", sa.String(24), link, nullable=False, primary_key=primary, index=index)


def _attempt() -> sa.Column[int]:
    return sa.Column("attempt_id", _BIG, sa.ForeignKey("payments_attempt.id"))


def upgrade() -> None:
    """Adds the tables."""
    op.create_table(
        "payments_payment",
        _text("id", 24, primary=True),
        _text("key", 120, unique=True),
        _indexed("owner", 60),
        _text("purpose", 40),
        _indexed("reference", 120),
        _text("title", 120),
        sa.Column("items", sa.Text(), nullable=False),
        _cents("cents"),
        _text("state", 12),
        *(_zero(name) for name in ("from_wallet", "captured", "returned", "refunded")),
        _word("return_to", 200),
        _at("created_at", index=True),
        _zero("completed_at"),
        sa.CheckConstraint("cents > 0", name="payments_payment_cents"),
        sa.CheckConstraint("refunded <= from_wallet + captured", name="payments_payment_refunded"),
    )
    op.create_table(
        "payments_attempt",
        _number(),
        _payment(index=True),
        _text("method", 20),
        _text("provider_ref", 80),
        _text("url", 500),
        _text("status", 12),
        *(_zero(name) for name in ("captured", "returned", "refunded")),
        _word("problem", 40),
        _count("polls"),
        sa.Column("mandate_id", sa.Integer()),
        _word("exported", 40),
        _at("created_at"),
        sa.UniqueConstraint("method", "provider_ref", name="payments_attempt_ref"),
    )
    op.create_table(
        "payments_refund",
        _number(),
        _text("key", 120, unique=True),
        _payment(index=True),
        _attempt(),
        _cents("cents"),
        sa.Column("split", sa.Text(), nullable=False),
        _text("reason", 60),
        _text("state", 8),
        _at("at"),
        sa.CheckConstraint("cents > 0", name="payments_refund_cents"),
    )
    op.create_table(
        "payments_notice", _text("method", 20, primary=True), _text("id", 80, primary=True), _at("at", index=True)
    )
    op.create_table(
        "payments_agreement",
        _text("owner", 60, primary=True),
        _text("method", 20),
        _text("token", 400),
        _zero("threshold"),
        _zero("cents"),
        _count("failures"),
        _word("waiting", 24),
        _at("created_at"),
    )
    op.create_table(
        "payments_mandate",
        _number(),
        _text("reference", 35, unique=True),
        _indexed("owner", 60),
        _text("holder", 70),
        _text("iban", 400),
        _text("iban_end", 12),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("is_used", sa.Boolean(), nullable=False, server_default=sa.false()),
        _zero("used_at"),
        _zero("ended_at"),
    )
    op.create_table(
        "payments_bank_entry",
        _text("id", 80, primary=True),
        _text("booked_on", 10),
        _cents("cents"),
        _indexed("outcome", 16),
        _attempt(),
        _text("text", 200),
        _at("at"),
    )
    op.create_table(
        "payments_machine",
        _text("name", 40, primary=True),
        _text("key_hash", 64, unique=True),
        _text("operation", 40),
        _cents("max_cents"),
        _at("created_at"),
        _zero("ended_at"),
    )
    op.create_table(
        "payments_card",
        _text("number_hash", 64, primary=True),
        _indexed("owner", 60),
        _text("name", 40),
        _at("created_at"),
        _zero("ended_at"),
    )
    op.create_table(
        "payments_receipt",
        _payment(primary=True),
        _text("language", 2, primary=True),
        _text("state", 24, primary=True),
        sa.Column("file", sa.LargeBinary(), nullable=False),
        _at("at"),
    )

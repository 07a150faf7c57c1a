"""Tills: their books and closings, sales, codes of passes, tickets, parking fees that go back."""

import sqlalchemy as sa
from alembic import op

from hub.till.store.tables import POSTGRES_GUARDS, SQLITE_GUARDS

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _number() -> sa.Column[int]:
    return sa.Column("id", _BIG, sa.Identity(), primary_key=True)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _empty(name: str, length: int, *, index: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, server_default="", index=index)


def _zero(name: str, *, index: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default="0", index=index)


def _moment(name: str, *, index: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, index=index)


def _person(*, nullable: bool = True) -> sa.Column[int]:
    return sa.Column("person_id", sa.Integer(), nullable=nullable, index=True)


def _owner() -> sa.Column[str]:
    return sa.Column("owner", sa.String(60), nullable=False, index=True)


def _till(*, primary: bool = False) -> sa.Column[str]:
    link = sa.ForeignKey("till_till.name")
    return sa.Column("till", sa.String(40), link, nullable=False, primary_key=primary)


def _line() -> sa.Column[int]:
    return sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False)


def upgrade() -> None:
    """Adds the tables and the guards of the books."""
    _tills()
    _sales()
    _books()
    _tickets()
    for statement in SQLITE_GUARDS if op.get_bind().dialect.name == "sqlite" else POSTGRES_GUARDS:
        op.execute(statement)


def _tills() -> None:
    op.create_table(
        "till_till",
        sa.Column("name", sa.String(40), primary_key=True),
        _text("operation", 40),
        sa.Column("key_hash", sa.String(64), nullable=False, unique=True),
        _empty("public_key", 90),
        _moment("created_at"),
        _zero("ended_at"),
        _zero("seen_at"),
    )
    op.create_table(
        "till_device",
        _number(),
        sa.Column("key", sa.String(16), nullable=False, unique=True),
        sa.Column("public_key", sa.String(90), nullable=False, unique=True),
        _person(nullable=False),
        sa.Column("session_id", sa.String(24), nullable=False, index=True),
        _text("name", 60),
        _moment("created_at"),
        _zero("ended_at", index=True),
    )
    op.create_table(
        "till_scan",
        _number(),
        _text("token", 28),
        _text("purpose", 10),
        _text("till", 40),
        _text("ref", 40),
        _moment("at", index=True),
        sa.UniqueConstraint("token", "purpose"),
    )


def _sales() -> None:
    op.create_table(
        "till_sale",
        _number(),
        _till(),
        _text("number", 40),
        _text("digest", 32),
        sa.Column("receipt", sa.String(24), nullable=False, unique=True),
        _text("way", 8),
        sa.Column("state", sa.String(10), nullable=False, index=True),
        _empty("reason", 12),
        _owner(),
        _person(),
        sa.Column("cashier_id", sa.Integer()),
        _empty("payment_id", 24, index=True),
        _empty("token", 28),
        sa.Column("lines", sa.Text(), nullable=False),
        _moment("cents"),
        _zero("refunded"),
        sa.Column("is_offline", sa.Boolean(), nullable=False),
        _moment("at", index=True),
        _moment("received_at"),
        sa.UniqueConstraint("till", "number"),
        sa.CheckConstraint("refunded >= 0 AND refunded <= cents", name="till_sale_refunded"),
    )


def _books() -> None:
    op.create_table(
        "till_entry",
        _till(primary=True),
        _line(),
        _text("key", 60),
        sa.Column("sale_id", _BIG, sa.ForeignKey("till_sale.id"), nullable=False, index=True),
        _text("kind", 10),
        _text("way", 8),
        _text("sums", 120),
        _moment("cents"),
        _moment("at"),
        sa.UniqueConstraint("till", "key"),
    )
    op.create_table(
        "till_closing",
        _till(primary=True),
        _line(),
        _text("key", 40),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("totals", sa.Text(), nullable=False),
        _moment("at"),
        sa.UniqueConstraint("till", "key"),
        sa.UniqueConstraint("till", "last"),
    )


def _tickets() -> None:
    op.create_table(
        "till_ticket",
        _number(),
        _text("source", 40),
        sa.Column("position", sa.Integer(), nullable=False),
        _text("operation", 40),
        _text("article", 40),
        _owner(),
        _person(),
        sa.Column("entries_left", sa.Integer()),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date()),
        _moment("bought_at"),
        _zero("ended_at"),
        sa.UniqueConstraint("source", "position"),
        sa.CheckConstraint("entries_left >= 0", name="till_ticket_left"),
    )
    op.create_table(
        "till_redemption",
        _number(),
        _till(),
        _text("key", 40),
        sa.Column("ticket_id", _BIG, sa.ForeignKey("till_ticket.id"), nullable=False, index=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        _moment("at"),
        sa.UniqueConstraint("till", "key"),
        sa.CheckConstraint("count > 0", name="till_redemption_count"),
    )
    op.create_table(
        "till_parking_refund",
        sa.Column("stay", sa.String(43), primary_key=True),
        _text("till", 40),
        _text("site", 63),
        _owner(),
        _person(),
        _moment("at"),
        _zero("cents"),
        _zero("paid_at"),
    )

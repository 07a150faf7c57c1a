"""The ledger: accounts, transfers and postings; nobody can change or remove the last two."""

import sqlalchemy as sa
from alembic import op

from hub.payments.store.tables import POSTGRES_GUARDS, SQLITE_GUARDS

revision = "0030"
down_revision = "0020"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _number() -> sa.Column[int]:
    return sa.Column("id", _BIG, sa.Identity(), primary_key=True)


def _link(name: str, target: str) -> sa.Column[int]:
    return sa.Column(name, _BIG, sa.ForeignKey(f"{target}.id"), nullable=False)


def upgrade() -> None:
    """Adds the tables and their guards."""
    op.create_table(
        "payments_account",
        _number(),
        sa.Column("name", sa.String(80), nullable=False, unique=True),
        sa.Column("balance", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("floor", sa.BigInteger()),
        sa.Column("day_limit", sa.BigInteger()),
        sa.Column("spent", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("spent_day", sa.Integer(), nullable=False, server_default="0"),
        sa.CheckConstraint("floor IS NULL OR balance >= floor", name="payments_account_floor"),
        sa.CheckConstraint("day_limit IS NULL OR day_limit >= 0", name="payments_account_day_limit"),
    )
    op.create_table(
        "payments_transfer",
        _number(),
        sa.Column("key", sa.String(120), nullable=False, unique=True),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("what", sa.String(60), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "payments_posting",
        _number(),
        _link("transfer_id", "payments_transfer"),
        _link("source_id", "payments_account"),
        _link("target_id", "payments_account"),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("cents > 0", name="payments_posting_cents"),
        sa.CheckConstraint("source_id <> target_id", name="payments_posting_accounts"),
    )
    op.create_index("payments_posting_source", "payments_posting", ["source_id", "transfer_id"])
    op.create_index("payments_posting_target", "payments_posting", ["target_id", "transfer_id"])
    for statement in SQLITE_GUARDS if op.get_bind().dialect.name == "sqlite" else POSTGRES_GUARDS:
        op.execute(statement)

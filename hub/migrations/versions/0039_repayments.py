"""Unclear money that goes back to its payer by a transfer."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Adds who paid and the transfers back."""
    op.add_column("payments_bank_entry", sa.Column("payer", sa.String(600), nullable=False, server_default=""))
    op.create_table(
        "payments_repayment",
        sa.Column("id", _BIG, sa.Identity(), primary_key=True),
        sa.Column("entry_id", sa.String(80), sa.ForeignKey("payments_bank_entry.id"), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("end_to_end", sa.String(35), nullable=False, unique=True),
        sa.Column("holder", sa.String(70), nullable=False),
        sa.Column("iban", sa.String(400), nullable=False),
        sa.Column("iban_end", sa.String(12), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False, index=True),
        sa.Column("exported", sa.String(40), nullable=False, server_default=""),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=False, server_default="0"),
        sa.UniqueConstraint("entry_id", "turn", name="payments_repayment_turn"),
        sa.CheckConstraint("cents > 0", name="payments_repayment_cents"),
    )

"""Favourite car parks, wishes to be told, payments by card for stays without an account."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the tables."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "parking_favourite",
        sa.Column("person_id", sa.Integer(), primary_key=True),
        sa.Column("site", sa.String(63), primary_key=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "parking_watch",
        sa.Column("id", number, sa.Identity(), primary_key=True),
        sa.Column("person_id", sa.Integer(), nullable=False, index=True),
        sa.Column("site", sa.String(63), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False, index=True),
        sa.UniqueConstraint("person_id", "site"),
    )
    op.create_table(
        "parking_card_payment",
        sa.Column("payment_id", sa.String(24), primary_key=True),
        sa.Column("stay_id", number, sa.ForeignKey("parking_stay.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("base_end", sa.BigInteger()),
        sa.Column("new_end", sa.BigInteger(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )

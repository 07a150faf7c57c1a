"""Visitors that accepted at one node and are to be told to the others."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table; its rows live for a second."""
    op.create_table(
        "fleet_grant",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), nullable=False),
        sa.Column("node", sa.String(length=63), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    """Removes it."""
    op.drop_table("fleet_grant")

"""Releases on their way through the town: one at a time, and what became of each node."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds both tables."""
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "fleet_rollout",
        sa.Column("id", kind, sa.Identity(), primary_key=True),
        sa.Column("release", sa.String(80), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("ring", sa.Integer(), nullable=False),
        sa.Column("canary", sa.String(63), nullable=False),
        sa.Column("soak_ms", sa.BigInteger(), nullable=False),
        sa.Column("at_once", sa.Integer(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=True, unique=True),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("started_by", sa.String(80), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "fleet_rollout_node",
        sa.Column("rollout", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("node", sa.String(63), primary_key=True),
        sa.Column("ring", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("old", sa.String(80), nullable=False),
        sa.Column("step", sa.String(16), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(200), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=True),
    )

"""Devices that want notices (web push)."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table."""
    person = sa.ForeignKey("account_person.id", ondelete="CASCADE")
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "push_subscription",
        sa.Column("id", number, sa.Identity(), primary_key=True),
        sa.Column("endpoint", sa.String(1000), nullable=False, unique=True),
        sa.Column("p256dh", sa.String(100), nullable=False),
        sa.Column("auth", sa.String(40), nullable=False),
        sa.Column("person_id", sa.Integer(), person, nullable=False, index=True),
        sa.Column("session_id", sa.String(24), nullable=False, index=True),
        sa.Column("browser", sa.String(64), nullable=False, index=True),
        sa.Column("device", sa.String(60), nullable=False, server_default=""),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False, index=True),
        sa.Column("last_ok_at", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
    )

"""Warnings before an unused account is deleted, and the numbers of deleted accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds a column and a table."""
    op.add_column("account_person", sa.Column("warned_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "account_erased",
        sa.Column("person_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )

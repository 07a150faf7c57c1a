"""Times in which a till was alone for too long, and sales of such times."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds them."""
    op.create_table(
        "till_gap",
        sa.Column("till", sa.String(40), sa.ForeignKey("till_till.name"), primary_key=True),
        sa.Column("since", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("until", sa.BigInteger(), nullable=False, index=True),
    )
    op.add_column("till_sale", sa.Column("is_late", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "till_sale_late",
        "till_sale",
        ["received_at"],
        sqlite_where=sa.text("is_late"),
        postgresql_where=sa.text("is_late"),
    )

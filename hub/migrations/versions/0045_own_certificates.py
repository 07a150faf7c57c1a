"""The hub's own certificates as they were seen last."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds them."""
    op.create_table(
        "fleet_own_certificate",
        sa.Column("name", sa.String(20), primary_key=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.Column("warned", sa.Boolean(), nullable=False),
    )

"""Stays of one car that several pay for, none of whom learns of the others."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds what is unique of a stay beside another one."""
    op.add_column("parking_stay", sa.Column("beside", sa.String(80), nullable=True))
    op.create_index("parking_stay_beside", "parking_stay", ["beside"], unique=True)

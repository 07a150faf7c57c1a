"""When people were told that a rollout waits for nodes that are away."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds it."""
    op.add_column("fleet_rollout", sa.Column("stuck_at", sa.BigInteger(), nullable=True))

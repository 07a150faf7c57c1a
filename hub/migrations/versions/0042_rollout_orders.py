"""Orders of a rollout under names that never come again, and what a node runs once it has the release."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds both; orders that are on their way keep their names."""
    op.add_column("fleet_rollout", sa.Column("installed", sa.Text(), nullable=False, server_default=""))
    op.add_column("fleet_rollout_node", sa.Column("asked", sa.String(40), nullable=False, server_default=""))
    op.execute("UPDATE fleet_rollout_node SET asked = 'r' || rollout || '-' || tries WHERE tries > 0")

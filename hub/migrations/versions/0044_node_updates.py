"""A release for one node alone, beside the town's rollout."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds whose it is, and that a node has one at a time."""
    op.add_column("fleet_rollout", sa.Column("node", sa.String(63), nullable=False, server_default=""))
    op.add_column("fleet_rollout", sa.Column("updating", sa.String(63), nullable=True))
    op.create_index("fleet_rollout_updating", "fleet_rollout", ["updating"], unique=True)

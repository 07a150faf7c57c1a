"""What a person declined at a service; when a pushed request's browser arrived.

Revision ID: 0017
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the columns."""
    op.add_column("openid_consent", sa.Column("declined", sa.String(200), nullable=False, server_default=""))
    op.add_column("openid_pushed", sa.Column("taken_at", sa.BigInteger, nullable=False, server_default="0"))

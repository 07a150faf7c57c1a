"""Files that people hand in."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "files_file",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("case_key", sa.String(80), nullable=False, index=True),
        sa.Column("person_id", sa.Integer(), nullable=True, index=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("mime", sa.String(40), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )

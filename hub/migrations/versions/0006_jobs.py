"""Jobs, paused kinds and schedules."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEXES = {
    "core_job_due": ("due_at",),
    "core_job_finished": ("state", "finished_at"),
    "core_job_unique": ("unique_key",),
}


def upgrade() -> None:
    """Adds the tables."""
    op.create_table(
        "core_job",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("unique_key", sa.String(200), nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("max_tries", sa.Integer(), nullable=False),
        sa.Column("lost", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(32), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("last_error", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    for name, columns in INDEXES.items():
        where = sa.text(f"{columns[-1]} IS NOT NULL")
        unique = name == "core_job_unique"
        op.create_index(name, "core_job", list(columns), unique=unique, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "core_job_pause",
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind"),
    )
    op.create_table(
        "core_job_schedule",
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def downgrade() -> None:
    """Removes them."""
    for table in ("core_job_schedule", "core_job_pause", "core_job"):
        op.drop_table(table)

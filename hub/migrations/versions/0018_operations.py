"""Tasks for people, made of dead jobs, and indexes for looking things up in the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

OPEN = sa.text("done_at IS NULL")


def _moment(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=True)


def _person(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), sa.ForeignKey("account_person.id", ondelete="SET NULL"), nullable=True)


def upgrade() -> None:
    """Adds them, with a task for every job that is dead already."""
    op.create_table(
        "operations_task",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("deaths", sa.Integer(), nullable=False),
        _moment("retried_at"),
        _person("taken_by"),
        _moment("taken_at"),
        _person("done_by"),
        _moment("done_at"),
        sa.Column("note", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("job_id"),
    )
    op.create_index("ix_operations_task_done_at", "operations_task", ["done_at"])
    op.create_index(
        "operations_task_open", "operations_task", ["kind", "since"], sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_table(
        "operations_alert",
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind"),
    )
    op.execute(
        "INSERT INTO operations_task (job_id, kind, reason, since, deaths, note) "
        "SELECT id, kind, last_error, COALESCE(finished_at, created_at), 1, '' FROM core_job WHERE state = 'dead'"
    )
    op.create_index("audit_entry_actor", "audit_entry", ["actor", "number"])
    op.create_index("audit_entry_action", "audit_entry", ["action", "number"])


def downgrade() -> None:
    """Removes them."""
    for index in ("audit_entry_action", "audit_entry_actor"):
        op.drop_index(index, "audit_entry")
    for table in ("operations_alert", "operations_task"):
        op.drop_table(table)

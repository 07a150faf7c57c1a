"""Messages become threads with answers and files; each old message is a thread of its own, under its old number."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_KIND = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _number() -> sa.Column[int]:
    return sa.Column("id", _KIND, sa.Identity(), primary_key=True)


def _zero(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")


def _belongs_to(column: str, kind: sa.types.TypeEngine[int], target: str, **more: bool) -> sa.Column[int]:
    return sa.Column(column, kind, sa.ForeignKey(target, ondelete="CASCADE"), nullable=False, **more)  # type: ignore[arg-type]


def upgrade() -> None:
    """Adds the tables and carries the messages over."""
    op.create_table(
        "inbox_thread",
        _number(),
        _belongs_to("person_id", sa.Integer(), "account_person.id", index=True),
        sa.Column("sender", sa.String(40), nullable=False, index=True),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("answerable", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False, index=True),
        _zero("closed_at"),
    )
    op.execute(
        "INSERT INTO inbox_thread (id, person_id, sender, subject, answerable, created_at, changed_at) "
        "SELECT id, person_id, sender, subject, false, created_at, created_at FROM inbox_message"
    )
    op.drop_index("ix_inbox_message_person_id", "inbox_message")
    op.rename_table("inbox_message", "inbox_message_before")
    op.create_table(
        "inbox_message",
        _number(),
        _belongs_to("thread_id", _KIND, "inbox_thread.id", index=True),
        sa.Column("from_person", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("form_key", sa.String(64), nullable=True, unique=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        _zero("read_at"),
        _zero("noticed_at"),
    )
    op.execute(
        "INSERT INTO inbox_message (id, thread_id, from_person, text, created_at, read_at, noticed_at) "
        "SELECT id, id, false, text, created_at, read_at, created_at FROM inbox_message_before"
    )
    op.drop_table("inbox_message_before")
    _go_on_counting("inbox_thread", "inbox_message")
    op.create_table(
        "inbox_attachment",
        sa.Column("file_id", sa.String(32), primary_key=True),
        _belongs_to("message_id", _KIND, "inbox_message.id", index=True),
    )
    op.create_table(
        "inbox_preference",
        _belongs_to("person_id", sa.Integer(), "account_person.id", primary_key=True),
        sa.Column("mail", sa.String(8), nullable=False, index=True),
    )


def _go_on_counting(*tables: str) -> None:
    """PostgreSQL's own counters know nothing of the numbers that were carried over."""
    if op.get_bind().dialect.name == "postgresql":
        for table in tables:
            newest = f"(SELECT COALESCE(MAX(id), 0) + 1 FROM {table})"  # noqa: S608 (our own names)
            op.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {newest}, false)")

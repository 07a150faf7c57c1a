"""Messages to people, and the demonstration's mails."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _number() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", kind, sa.Identity(), primary_key=True)


def upgrade() -> None:
    """Adds the tables."""
    person = sa.ForeignKey("account_person.id", ondelete="CASCADE")
    op.create_table(
        "inbox_message",
        _number(),
        sa.Column("person_id", sa.Integer(), person, nullable=False, index=True),
        sa.Column("sender", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.create_table(
        "inbox_demo_mail",
        _number(),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )

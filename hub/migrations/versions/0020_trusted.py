"""Which keys are surely the identified person's: those that they had when the citizens' office saw their document."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_IDENTIFIED_MS = 730 * 86_400_000


def upgrade() -> None:
    """Adds three columns; an app or a code does not say since when it exists, so it counts from the next visit on."""
    for table, column in (
        ("account_passkey", "trusted"),
        ("account_recovery_code", "trusted"),
        ("account_person", "otp_trusted"),
    ):
        op.add_column(table, sa.Column(column, sa.Boolean(), nullable=False, server_default=sa.false()))
    passkey = sa.table("account_passkey", sa.column("person_id"), sa.column("created_at"), sa.column("trusted"))
    person = sa.table("account_person", sa.column("id"), sa.column("identified_until"))
    was_seen = sa.exists().where(
        person.c.id == passkey.c.person_id, person.c.identified_until - _IDENTIFIED_MS >= passkey.c.created_at
    )
    op.execute(sa.update(passkey).where(was_seen).values(trusted=sa.true()))

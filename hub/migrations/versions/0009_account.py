"""The citizen account: keys, codes, sessions with levels, organisations, families."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0006"
branch_labels = None
depends_on = None


def _person_id(*, primary_key: bool = False, index: bool | None = None) -> sa.Column[int]:
    return sa.Column(
        "person_id",
        sa.Integer(),
        sa.ForeignKey("account_person.id", ondelete="CASCADE"),
        nullable=False,
        primary_key=primary_key,
        index=index,
    )


def upgrade() -> None:
    """Adds columns and tables; sessions of before end."""
    op.drop_table("account_session")
    _people()
    _keys()
    _codes()
    _circles()


def _people() -> None:
    with op.batch_alter_table("account_person") as table:
        table.alter_column("name", existing_type=sa.String(40), type_=sa.String(254), existing_nullable=False)
        table.alter_column("password_hash", existing_type=sa.String(255), nullable=True)
        table.add_column(sa.Column("display_name", sa.String(100), nullable=False, server_default=""))
        table.add_column(sa.Column("handle", sa.String(64), nullable=True))
        table.add_column(sa.Column("otp_secret", sa.String(400), nullable=False, server_default=""))
        table.add_column(sa.Column("otp_step", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(sa.Column("language", sa.String(2), nullable=False, server_default="de"))
        table.add_column(sa.Column("identified_until", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(sa.Column("seen_at", sa.BigInteger(), nullable=False, server_default="0"))
    person = sa.table(
        "account_person", sa.column("id"), sa.column("handle"), sa.column("seen_at"), sa.column("created_at")
    )
    for (number,) in op.get_bind().execute(sa.select(person.c.id)).all():
        values = {"handle": secrets.token_urlsafe(32), "seen_at": person.c.created_at}
        op.get_bind().execute(sa.update(person).where(person.c.id == number).values(**values))
    with op.batch_alter_table("account_person") as table:
        table.alter_column("handle", existing_type=sa.String(64), nullable=False)
        table.create_unique_constraint("account_person_handle_key", ["handle"])
        table.create_index("ix_account_person_seen_at", ["seen_at"])
    _roles()
    op.create_table(
        "account_identity",
        sa.Column("issuer", sa.String(255), primary_key=True),
        sa.Column("subject", sa.String(255), primary_key=True),
        _person_id(index=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("linked_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "account_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), primary_key=True),
        _person_id(index=True),
        sa.Column("at", sa.BigInteger(), nullable=False, index=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("device", sa.String(60), nullable=False, server_default=""),
    )


def _roles() -> None:
    """A primary key with the scope in it: a new table with the old rows."""
    old = sa.table("account_role", sa.column("person_id"), sa.column("role"))
    rows = [dict(row._mapping) for row in op.get_bind().execute(sa.select(old)).all()]
    op.drop_table("account_role")
    made = op.create_table(
        "account_role",
        _person_id(primary_key=True),
        sa.Column("role", sa.String(40), primary_key=True),
        sa.Column("scope", sa.String(63), primary_key=True, server_default=""),
    )
    if rows:
        op.bulk_insert(made, [{**row, "scope": ""} for row in rows])


def _keys() -> None:
    op.create_table(
        "account_session",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(24), nullable=False, unique=True),
        _person_id(index=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False, index=True),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("authenticated_at", sa.BigInteger(), nullable=False),
        sa.Column("methods", sa.String(60), nullable=False, server_default=""),
        sa.Column("level", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("level_until", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("device", sa.String(60), nullable=False, server_default=""),
        sa.Column("acting_for", sa.String(40), nullable=False, server_default=""),
    )
    op.create_table(
        "account_passkey",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), primary_key=True),
        _person_id(index=True),
        sa.Column("credential_id", sa.String(1400), nullable=False, unique=True),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("transports", sa.String(100), nullable=False, server_default=""),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.create_table(
        "account_recovery_code",
        _person_id(primary_key=True),
        sa.Column("code_hash", sa.String(64), primary_key=True),
    )


def _codes() -> None:
    op.create_table(
        "account_code",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("mail", sa.String(254), nullable=False),
        sa.Column(
            "person_id", sa.Integer(), sa.ForeignKey("account_person.id", ondelete="CASCADE"), nullable=True, index=True
        ),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False, index=True),
    )
    op.create_table(
        "account_used",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False, index=True),
    )
    op.create_table(
        "account_held",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("browser", sa.String(64), nullable=False),
        sa.Column(
            "person_id", sa.Integer(), sa.ForeignKey("account_person.id", ondelete="CASCADE"), nullable=True, index=True
        ),
        sa.Column("path", sa.String(500), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False, index=True),
    )


def _circles() -> None:
    op.create_table(
        "account_organisation",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "account_child",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("first_name", sa.String(60), nullable=False),
        sa.Column("last_name", sa.String(60), nullable=False),
        sa.Column("born", sa.Date(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    organisation = sa.ForeignKey("account_organisation.id", ondelete="CASCADE")
    op.create_table(
        "account_member",
        sa.Column("organisation_id", sa.Integer(), organisation, primary_key=True),
        _person_id(primary_key=True, index=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("given_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "account_guardian",
        sa.Column("child_id", sa.Integer(), sa.ForeignKey("account_child.id", ondelete="CASCADE"), primary_key=True),
        _person_id(primary_key=True, index=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "account_invitation",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column(
            "organisation_id",
            sa.Integer(),
            sa.ForeignKey("account_organisation.id", ondelete="CASCADE"),
            nullable=True,
            index=True,
        ),
        sa.Column(
            "child_id", sa.Integer(), sa.ForeignKey("account_child.id", ondelete="CASCADE"), nullable=True, index=True
        ),
        sa.Column("mail", sa.String(254), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column(
            "invited_by",
            sa.Integer(),
            sa.ForeignKey("account_person.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("expires_at", sa.BigInteger(), nullable=False, index=True),
    )

"""The OpenID provider."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _client(**more: bool) -> sa.Column[str]:
    target = sa.ForeignKey("openid_client.client_id", ondelete="CASCADE")
    return sa.Column("client_id", sa.String(40), target, nullable=False, **more)  # type: ignore[arg-type]


def _person(**more: bool) -> sa.Column[int]:
    target = sa.ForeignKey("account_person.id", ondelete="CASCADE")
    return sa.Column("person_id", sa.Integer(), target, nullable=False, **more)  # type: ignore[arg-type]


def _grant() -> sa.Column[str]:
    target = sa.ForeignKey("openid_grant.id", ondelete="CASCADE")
    return sa.Column("grant_id", sa.String(32), target, nullable=False, index=True)


def _number(name: str, *, index: bool | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, index=index)


def _zero(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")


def _text(name: str, length: int | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(length) if length else sa.Text(), nullable=False)


def _digest() -> sa.Column[str]:
    return sa.Column("digest", sa.String(64), primary_key=True)


def upgrade() -> None:
    """Adds the tables."""
    op.create_table(
        "openid_client",
        sa.Column("client_id", sa.String(40), primary_key=True),
        _text("name", 100),
        _text("secret_hash", 64),
        _text("redirect_uris"),
        _text("logout_uris"),
        _text("backchannel_uri", 500),
        _number("created_at"),
    )
    op.create_table(
        "openid_grant",
        sa.Column("id", sa.String(32), primary_key=True),
        _client(index=True),
        _person(index=True),
        sa.Column("session_id", sa.String(24), nullable=False, index=True),
        _text("scope", 200),
        _number("auth_time"),
        _text("acr", 100),
        _text("amr", 60),
        _number("created_at"),
        _number("used_at"),
        _zero("revoked_at"),
    )
    op.create_table(
        "openid_code",
        _digest(),
        _grant(),
        _text("redirect_uri"),
        _text("nonce"),
        _text("challenge", 43),
        _number("expires_at", index=True),
        _zero("used_at"),
    )
    op.create_table(
        "openid_token",
        _digest(),
        _grant(),
        _text("kind", 8),
        _text("scope", 200),
        _number("expires_at", index=True),
        _zero("used_at"),
    )
    op.create_table(
        "openid_consent",
        _person(primary_key=True),
        _client(primary_key=True, index=True),
        _text("scope", 200),
        _number("given_at"),
        _number("used_at"),
    )
    op.create_table("openid_pushed", _digest(), _client(), _text("parameters"), _number("expires_at", index=True))
    op.create_table(
        "openid_key",
        sa.Column("kid", sa.String(43), primary_key=True),
        _text("sealed"),
        _text("public"),
        _number("created_at"),
    )

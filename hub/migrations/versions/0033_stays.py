"""Parking stays, cars, permits, free minutes, wardens' checks, cameras."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def _number() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", kind, sa.Identity(), primary_key=True)


def upgrade() -> None:
    """Adds the tables."""
    op.create_table(
        "parking_stay",
        _number(),
        sa.Column("token", sa.String(43), nullable=False, unique=True),
        sa.Column("state", sa.String(10), nullable=False, index=True),
        sa.Column("site", sa.String(63), nullable=False, index=True),
        sa.Column("tariff", sa.String(63), nullable=False),
        sa.Column("bay", sa.String(63)),
        sa.Column("plate", sa.String(10), nullable=False),
        sa.Column("running_plate", sa.String(10), unique=True),
        sa.Column("exempt", sa.String(10), nullable=False, server_default=""),
        sa.Column("holder", sa.String(40), nullable=False, index=True),
        sa.Column("person_id", sa.Integer(), index=True),
        sa.Column("source", sa.String(10), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("planned_end", sa.BigInteger()),
        sa.Column("longest_end", sa.BigInteger()),
        sa.Column("occupied_at", sa.BigInteger()),
        sa.Column("watches_bay", sa.Boolean(), nullable=False),
        sa.Column("reminded", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), index=True),
        sa.Column("ended_by", sa.String(10), nullable=False, server_default=""),
        sa.Column("used_free", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("held_cents", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("holds", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("cents", sa.BigInteger()),
        sa.Column("lines", sa.Text(), nullable=False, server_default=""),
    )
    op.create_table(
        "parking_car",
        _number(),
        sa.Column("holder", sa.String(40), nullable=False, index=True),
        sa.Column("person_id", sa.Integer(), nullable=False, index=True),
        sa.Column("plate", sa.String(10), nullable=False, index=True),
        sa.Column("name", sa.String(60), nullable=False, server_default=""),
        sa.Column("by_camera", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("holder", "plate"),
    )
    op.create_table(
        "parking_permit",
        _number(),
        sa.Column("plate", sa.String(10), nullable=False, index=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("site", sa.String(63), nullable=False, server_default=""),
        sa.Column("until", sa.BigInteger(), nullable=False, index=True),
    )
    op.create_table(
        "parking_free",
        sa.Column("plate", sa.String(10), primary_key=True),
        sa.Column("tariff", sa.String(63), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True, index=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
    )
    op.create_table(
        "parking_check",
        _number(),
        sa.Column("warden_id", sa.Integer(), nullable=False, index=True),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False, index=True),
        sa.Column("site", sa.String(63), nullable=False),
        sa.Column("plate", sa.String(10), nullable=False, server_default=""),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("offline", sa.Integer(), nullable=False, server_default="0"),
        sa.UniqueConstraint("warden_id", "number"),
    )
    op.create_table(
        "parking_camera",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("site", sa.String(63), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False, server_default="0"),
    )

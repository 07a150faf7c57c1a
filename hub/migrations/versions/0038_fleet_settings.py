"""Rings and sites of nodes, versions of their settings, blocked devices, histories, outages, copies of their files."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def _number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _moment(name: str, nullable: bool = False, index: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable, index=index)


def upgrade() -> None:
    """Adds them; the settings that nodes have now become the first known version of each."""
    op.add_column("fleet_node", sa.Column("ring", sa.String(20), nullable=False, server_default="rest"))
    op.add_column("fleet_node", sa.Column("site", sa.String(63), nullable=False, server_default=""))
    op.add_column("fleet_node", _moment("sampled_at", nullable=True))
    op.create_index("fleet_alarm_open", "fleet_alarm", ["closed_at"])
    op.create_table(
        "fleet_config_version",
        sa.Column("node", sa.String(63), primary_key=True),
        sa.Column("v", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("body", sa.Text(), nullable=False),
        _moment("set_at"),
        sa.Column("set_by", sa.String(80), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("of_version", sa.BigInteger(), nullable=True),
    )
    op.execute(
        "INSERT INTO fleet_config_version (node, v, body, set_at, set_by, reason) "
        "SELECT node, v, body, set_at, set_by, 'changed' FROM fleet_config"
    )
    op.create_table(
        "fleet_block",
        sa.Column("id", _number(), sa.Identity(), primary_key=True),
        sa.Column("node", sa.String(63), nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        _moment("until", index=True),
        _moment("set_at"),
        sa.Column("set_by", sa.String(80), nullable=False),
        sa.UniqueConstraint("node", "device"),
    )
    op.create_table(
        "fleet_sample",
        sa.Column("node", sa.String(63), primary_key=True),
        sa.Column("at", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("figures", sa.Text(), nullable=False),
    )
    op.create_table(
        "fleet_outage",
        sa.Column("id", _number(), sa.Identity(), primary_key=True),
        sa.Column("site", sa.String(63), nullable=False),
        _moment("since"),
        _moment("last"),
        sa.Column("nodes", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(300), nullable=False),
        _moment("opened_at"),
        _moment("closed_at", nullable=True, index=True),
    )
    op.create_table(
        "fleet_backup",
        sa.Column("node", sa.String(63), primary_key=True),
        sa.Column("at", sa.BigInteger(), primary_key=True, autoincrement=False),
        _moment("seen_at"),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
    )

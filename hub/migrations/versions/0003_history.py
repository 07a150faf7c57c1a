"""History of bays and hours, clocks of nodes, the sums of each outbox; counters of several workers."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SUMS = ("stored", "duplicates", "late", "aside", "skipped", "held")


def upgrade() -> None:
    """Adds the tables; hourly figures begin anew, they come from the readings now."""
    op.create_table(
        "parking_reading",
        sa.Column("bay", sa.String(63), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("outbox", sa.String(64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("boot", sa.String(63), nullable=False),
        sa.Column("trusted_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bay", "ts", "outbox", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "parking_hour",
        sa.Column("site", sa.String(63), nullable=False),
        sa.Column("hour_ms", sa.BigInteger(), nullable=False),
        *(sa.Column(state, sa.BigInteger(), nullable=False) for state in ("free", "occupied", "unknown", "faulty")),
        sa.PrimaryKeyConstraint("site", "hour_ms"),
    )
    op.create_table(
        "parking_dirty",
        sa.Column("site", sa.String(63), nullable=False),
        sa.Column("hour_ms", sa.BigInteger(), nullable=False),
        sa.Column("marks", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "hour_ms"),
    )
    op.create_table(
        "ingest_cursor",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    _add_clocks()
    op.add_column("parking_bay", sa.Column("trusted_ms", sa.BigInteger(), nullable=False, server_default="2100000"))
    for name in _SUMS:
        op.add_column("ingest_outbox", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE ingest_outbox SET stored = (SELECT count(*) FROM ingest_message AS m"
        " WHERE m.node = ingest_outbox.node AND m.outbox = ingest_outbox.outbox)"
    )
    _share_counters()
    op.drop_table("core_timeseries_hour")


def _add_clocks() -> None:
    op.create_table(
        "ingest_clock",
        sa.Column("node", sa.String(63), nullable=False),
        sa.Column("boot", sa.String(63), nullable=False),
        sa.Column("offset_ms", sa.BigInteger(), nullable=False),
        sa.Column("exact", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("node", "boot"),
    )
    op.create_table(
        "ingest_held",
        sa.Column("id", _KEY, sa.Identity(), nullable=False),
        sa.Column("node", sa.String(63), nullable=False),
        sa.Column("boot", sa.String(63), nullable=False),
        sa.Column("outbox", sa.String(64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("node", "outbox", "seq", name="uq_ingest_held"),
    )
    op.create_index("ix_ingest_held_boot", "ingest_held", ["node", "boot"])


def _share_counters() -> None:
    """A column more in the key: a new table takes the rows of the old one."""
    op.rename_table("ingest_counter", "ingest_counter_old")
    op.create_table(
        "ingest_counter",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("detail", sa.String(80), nullable=False),
        sa.Column("worker", sa.Integer(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "detail", "worker", name="pk_ingest_counter"),
    )
    op.execute("INSERT INTO ingest_counter SELECT name, detail, 0, value FROM ingest_counter_old")
    op.drop_table("ingest_counter_old")
    op.rename_table("ingest_minute", "ingest_minute_old")
    op.create_table(
        "ingest_minute",
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("worker", sa.Integer(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("minute", "worker", name="pk_ingest_minute"),
    )
    op.execute("INSERT INTO ingest_minute SELECT minute, 0, received FROM ingest_minute_old")
    op.drop_table("ingest_minute_old")


def downgrade() -> None:
    """Back to one worker; history, clocks and counters are lost."""
    for table in ("parking_reading", "parking_hour", "parking_dirty", "ingest_cursor", "ingest_held", "ingest_clock"):
        op.drop_table(table)
    with op.batch_alter_table("parking_bay") as bay:
        bay.drop_column("trusted_ms")
    with op.batch_alter_table("ingest_outbox") as outbox:
        for name in _SUMS:
            outbox.drop_column(name)
    for table in ("ingest_counter", "ingest_minute"):
        op.drop_table(table)
    op.create_table(
        "ingest_counter",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("detail", sa.String(80), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "detail"),
    )
    op.create_table(
        "ingest_minute",
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("minute"),
    )
    op.create_table(
        "core_timeseries_hour",
        sa.Column("measurement", sa.String(60), nullable=False),
        sa.Column("series", sa.String(63), nullable=False),
        sa.Column("hour_ms", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.Float(), nullable=False),
        sa.Column("least", sa.Float(), nullable=False),
        sa.Column("most", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("measurement", "series", "hour_ms"),
    )

"""What cameras saw; a permit once for each plate, kind and place."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds a table and a constraint."""
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "parking_camera_event",
        sa.Column("id", kind, sa.Identity(), primary_key=True),
        sa.Column("camera", sa.String(40), nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("site", sa.String(63), nullable=False),
        sa.Column("direction", sa.String(3), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False, index=True),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("plate", sa.String(10), nullable=False, server_default=""),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.UniqueConstraint("camera", "number"),
    )
    op.create_index("parking_camera_event_waiting", "parking_camera_event", ["site", "plate", "outcome"])
    op.execute(
        "DELETE FROM parking_permit WHERE EXISTS (SELECT 1 FROM parking_permit other WHERE other.plate = "
        "parking_permit.plate AND other.kind = parking_permit.kind AND other.site = parking_permit.site "
        "AND (other.until > parking_permit.until OR (other.until = parking_permit.until AND other.id > "
        "parking_permit.id)))"
    )
    op.create_index("parking_permit_once", "parking_permit", ["plate", "kind", "site"], unique=True)

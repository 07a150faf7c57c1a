"""A person has one identity at an upstream provider."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forbids a second one."""
    op.create_index("account_identity_one_each", "account_identity", ["issuer", "person_id"], unique=True)

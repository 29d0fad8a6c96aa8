"""Let refused starts be counted without reading all starts."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_starts_outcome_why", "starts", ["outcome", "why"])


def downgrade() -> None:
    """Refuse, as the others do."""
    raise NotImplementedError("restore the copy of the database from before the update")

"""Add to a session since when its person has the account: a name alone is not an identity."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nobody knows it of sessions that there were."""
    with op.batch_alter_table("sessions") as sessions:
        sessions.add_column(sa.Column("person_since", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("sessions") as sessions:
        sessions.alter_column("person_since", server_default=None)


def downgrade() -> None:
    """Refuse: what was recorded would be lost."""
    raise NotImplementedError("restore the copy of the database from before the update")

"""Add what the names of people who left are replaced by, and who asked for that."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the table."""
    with op.batch_alter_table("people") as people:
        people.add_column(sa.Column("pseudonym", sa.String(32)))
    op.create_table(
        "erasures",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_erasures"),
    )


def downgrade() -> None:
    """Refuse: nobody knows the names any more."""
    raise NotImplementedError("restore the copy of the database from before the update")

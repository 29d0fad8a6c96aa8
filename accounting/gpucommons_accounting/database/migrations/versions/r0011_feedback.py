"""Add what people answered when asked how it goes."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "feedback",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("person_since", sa.Text(), nullable=True),
        sa.Column("quarter", sa.String(8), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("ratings", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_feedback"),
    )
    one = ["person", "person_since", "quarter"]
    op.create_index("ix_feedback_person_person_since_quarter", "feedback", one, unique=True)
    op.create_index("ix_feedback_quarter", "feedback", ["quarter"])


def downgrade() -> None:
    """Refuse: what was recorded would be lost."""
    raise NotImplementedError("restore the copy of the database from before the update")

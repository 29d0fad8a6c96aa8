"""Add people and teams, which have identities apart from their names, and who looked at whom."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "people",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", sa.String(64), nullable=False),
        sa.Column("left_at", _MOMENT),
        sa.PrimaryKeyConstraint("name", "since", name="pk_people"),
    )
    op.create_table(
        "teams",
        sa.Column("uid", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("left_at", _MOMENT),
        sa.Column("leads", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("uid", name="pk_teams"),
    )
    op.create_table(
        "team_names",
        sa.Column("uid", sa.String(64), nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("uid", "since", name="pk_team_names"),
    )
    op.create_table(
        "looks",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("person_since", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_looks"),
    )
    op.create_index("ix_looks_person_at", "looks", ["person", "at"])


def downgrade() -> None:
    """Refuse: what was recorded would be lost."""
    raise NotImplementedError("restore the copy of the database from before the update")

"""Add how busy GPUs were: what was measured of each session, and in which pod it is."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "activity",
        sa.Column("uid", sa.String(64), nullable=False),
        sa.Column("begin", _MOMENT, nullable=False),
        sa.Column("known_ms", sa.Integer(), nullable=False),
        sa.Column("busy_ms", sa.Integer(), nullable=False),
        sa.Column("idle_ms", sa.Integer(), nullable=False),
        sa.Column("peak_memory", sa.BigInteger()),
        sa.Column("meter", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("uid", "begin", name="pk_activity"),
    )
    op.create_index("ix_activity_begin", "activity", ["begin"])
    op.create_table(
        "session_pods",
        sa.Column("uid", sa.String(64), nullable=False),
        sa.Column("pod", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("uid", name="pk_session_pods"),
    )


def downgrade() -> None:
    """Refuse: what was recorded would be lost."""
    raise NotImplementedError("restore the copy of the database from before the update")

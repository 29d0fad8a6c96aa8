"""Begin: facts, sessions, nodes, prices, beats."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "events",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("uid", sa.String(64), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("observed_at", _MOMENT, nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_events"),
    )
    op.create_index("ix_events_uid", "events", ["uid"])
    op.create_table(
        "sessions",
        sa.Column("uid", sa.String(64), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("team_uid", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("image", sa.Text(), nullable=False),
        sa.Column("size", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("units", sa.String(32), nullable=False),
        sa.Column("requested", _MOMENT, nullable=False),
        sa.Column("admitted", _MOMENT),
        sa.Column("bound", _MOMENT),
        sa.Column("ready", _MOMENT),
        sa.Column("stopping", _MOMENT),
        sa.Column("gone", _MOMENT),
        sa.Column("gone_by", _MOMENT),
        sa.Column("end_source", sa.String(32)),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(32)),
        sa.Column("reason_sentence", sa.Text(), nullable=False),
        sa.Column("reason_by", sa.Text(), nullable=False),
        sa.Column("flags", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("uid", name="pk_sessions"),
    )
    op.create_index("ix_sessions_person_requested", "sessions", ["person", "requested"])
    op.create_index("ix_sessions_team_requested", "sessions", ["team", "requested"])
    op.create_index("ix_sessions_requested", "sessions", ["requested"])
    op.create_index("ix_sessions_gone", "sessions", ["gone"])
    op.create_index("ix_sessions_gone_by", "sessions", ["gone_by"])
    op.create_index("ix_sessions_end_source", "sessions", ["end_source"])
    op.create_table(
        "node_facts",
        sa.Column("node", sa.String(255), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("gpus", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("node", "at", name="pk_node_facts"),
    )
    op.create_table(
        "prices",
        sa.Column("product", sa.String(255), nullable=False),
        sa.Column("valid_from", _MOMENT, nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("rate", sa.String(32), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("product", "valid_from", "made_at", name="pk_prices"),
    )
    op.create_table(
        "beats",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_beats"),
    )


def downgrade() -> None:
    """Refuse: what was recorded would be lost."""
    raise NotImplementedError("restore the copy of the database from before the update")

"""Begin: events, countdowns, leases, exemptions, beats."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def _session() -> list[sa.Column[object]]:
    return [
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("started", _MOMENT, nullable=False),
    ]


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "events",
        sa.Column("number", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        *_session(),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("size", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("idle_since", _MOMENT),
        sa.Column("gpus", sa.String(32), nullable=False),
        sa.Column("until", _MOMENT),
        sa.Column("signals", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_user_number", "events", ["user", "number"])
    op.create_index("ix_events_team_number", "events", ["team", "number"])
    op.create_index("ix_events_at", "events", ["at"])
    op.create_table(
        "countdowns",
        *_session(),
        sa.Column("warned_at", _MOMENT, nullable=False),
        sa.Column("stop_at", _MOMENT, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("signals", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("user", "server", "started", name="pk_countdowns"),
    )
    op.create_table(
        "leases",
        sa.Column("number", _NUMBER, autoincrement=True, nullable=False),
        *_session(),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("idle_since", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_leases"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_leases_until", "leases", ["until"])
    op.create_table(
        "exemptions",
        sa.Column("number", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.PrimaryKeyConstraint("number", name="pk_exemptions"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_exemptions_until", "exemptions", ["until"])
    op.create_table(
        "beats",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_beats"),
    )


def downgrade() -> None:
    """Take the tables away."""
    for table in ("beats", "exemptions", "leases", "countdowns", "events"):
        op.drop_table(table)

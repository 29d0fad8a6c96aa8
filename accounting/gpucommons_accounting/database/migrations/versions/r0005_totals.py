"""Add totals of days and months, and how far each session reaches, to be found by it."""

import math
from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_HOUR = timedelta(hours=1)
_KEY = ("team", "team_uid", "person", "person_since", "size", "environment", "product")
_AMOUNTS = (
    *("waiting", "starting", "charged", "ending", "uncertain"),
    *("started", "begun", "continued", "uncertain_ends"),
)


def upgrade() -> None:
    """Make the tables, which the service fills."""
    with op.batch_alter_table("sessions") as sessions:
        sessions.add_column(sa.Column("reach", sa.Integer()))
    op.create_index("ix_sessions_reach_requested", "sessions", ["reach", "requested"])
    _reach()
    op.create_table(
        "totals",
        sa.Column("span", sa.String(8), nullable=False),
        sa.Column("begin", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _KEY),
        sa.Column("units", sa.String(32), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _AMOUNTS),
        sa.PrimaryKeyConstraint("span", "begin", *_KEY, "units", name="pk_totals"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "totals_zone",
        sa.Column("zone", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("zone", name="pk_totals_zone"),
    )


def _reach() -> None:
    """Say of each session that ended the least n for which it was there for at most 2^n hours."""
    sessions = sa.table(
        "sessions",
        sa.column("uid", sa.String()),
        *(sa.column(name, _MOMENT) for name in ("requested", "gone_by")),
        sa.column("reach", sa.Integer()),
    )
    ended = sa.select(sessions).where(sessions.c.gone_by.is_not(None))
    rows = [
        {"its": row.uid, "reach": max(math.ceil(hours) - 1, 0).bit_length()}
        for row in op.get_bind().execute(ended)
        for hours in [(row.gone_by - row.requested) / _HOUR]
    ]
    if rows:
        its = sessions.c.uid == sa.bindparam("its")
        op.get_bind().execute(sa.update(sessions).where(its), rows)


def downgrade() -> None:
    """Refuse: what was recorded would be lost."""
    raise NotImplementedError("restore the copy of the database from before the update")

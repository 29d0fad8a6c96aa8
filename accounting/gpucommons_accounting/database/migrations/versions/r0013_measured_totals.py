"""Add to totals what was measured of GPUs. They follow from the rest, and are made anew."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_KEY = ("team", "team_uid", "person", "person_since", "size", "environment", "product")
_AMOUNTS = (
    *("waiting", "starting", "charged", "ending", "uncertain"),
    *("started", "begun", "continued", "uncertain_ends"),
    *("known_ms", "busy_ms", "idle_ms"),
)


def upgrade() -> None:
    """Make the table anew; the service fills it, and reports are slow until it has."""
    op.execute(sa.text("DELETE FROM totals_zone"))
    op.drop_table("totals")
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


def downgrade() -> None:
    """Refuse: a program of before would leave what was measured out of its totals."""
    raise NotImplementedError("restore the copy of the database from before the update")

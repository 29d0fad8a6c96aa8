"""The tables of what the culler remembers. A change of them needs a migration."""

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, MetaData, Table

from gpucommons_culler.columns import Amount, Moment, Words

METADATA = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"}
)
_NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""Only an ordinary integer counts by itself in SQLite."""

EVENTS = Table(
    "events",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("kind", Words, nullable=False),
    Column("user", Words, nullable=False),
    Column("server", Words, nullable=False),
    Column("started", Moment, nullable=False),
    Column("team", Words, nullable=False),
    Column("size", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("by", Words, nullable=False),
    Column("verdict", Words, nullable=False),
    Column("rule", Words, nullable=False),
    Column("idle_since", Moment),
    Column("gpus", Amount, nullable=False),
    Column("until", Moment),
    Column("signals", JSON, nullable=False),
    Index(None, "user", "number"),
    Index(None, "team", "number"),
    Index(None, "at"),
    sqlite_autoincrement=True,
)

COUNTDOWNS = Table(
    "countdowns",
    METADATA,
    Column("user", Words, primary_key=True),
    Column("server", Words, primary_key=True),
    Column("started", Moment, primary_key=True),
    Column("warned_at", Moment, nullable=False),
    Column("stop_at", Moment, nullable=False),
    Column("url", Words, nullable=False),
    Column("signals", JSON, nullable=False),
)

LEASES = Table(
    "leases",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("user", Words, nullable=False),
    Column("server", Words, nullable=False),
    Column("started", Moment, nullable=False),
    Column("at", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("by", Words, nullable=False),
    Column("idle_since", Moment, nullable=False),
    Index(None, "until"),
    sqlite_autoincrement=True,
)

EXEMPTIONS = Table(
    "exemptions",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("scope", Words, nullable=False),
    Column("name", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("by", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("ended_at", Moment),
    Index(None, "until"),
    sqlite_autoincrement=True,
)

BEATS = Table(
    "beats",
    METADATA,
    Column("name", Words, primary_key=True),
    Column("at", Moment, nullable=False),
)

"""The tables of what the culler remembers. A change of them needs a migration."""

from gpucommons_upkeep.columns import ExactDecimal, UnboundedText, UTCDateTime
from sqlalchemy import JSON, BigInteger, Column, Index, Integer, MetaData, Table

METADATA = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"}
)
_NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""Only an ordinary integer counts by itself in SQLite."""

EVENTS = Table(
    "events",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("at", UTCDateTime, nullable=False),
    Column("kind", UnboundedText, nullable=False),
    Column("user", UnboundedText, nullable=False),
    Column("server", UnboundedText, nullable=False),
    Column("started", UTCDateTime, nullable=False),
    Column("team", UnboundedText, nullable=False),
    Column("size", UnboundedText, nullable=False),
    Column("reason", UnboundedText, nullable=False),
    Column("by", UnboundedText, nullable=False),
    Column("verdict", UnboundedText, nullable=False),
    Column("rule", UnboundedText, nullable=False),
    Column("idle_since", UTCDateTime),
    Column("gpus", ExactDecimal, nullable=False),
    Column("until", UTCDateTime),
    Column("signals", JSON, nullable=False),
    Index(None, "user", "number"),
    Index(None, "team", "number"),
    Index(None, "at"),
    sqlite_autoincrement=True,
)

COUNTDOWNS = Table(
    "countdowns",
    METADATA,
    Column("user", UnboundedText, primary_key=True),
    Column("server", UnboundedText, primary_key=True),
    Column("started", UTCDateTime, primary_key=True),
    Column("warned_at", UTCDateTime, nullable=False),
    Column("stop_at", UTCDateTime, nullable=False),
    Column("url", UnboundedText, nullable=False),
    Column("signals", JSON, nullable=False),
)

LEASES = Table(
    "leases",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("user", UnboundedText, nullable=False),
    Column("server", UnboundedText, nullable=False),
    Column("started", UTCDateTime, nullable=False),
    Column("at", UTCDateTime, nullable=False),
    Column("until", UTCDateTime, nullable=False),
    Column("by", UnboundedText, nullable=False),
    Column("idle_since", UTCDateTime, nullable=False),
    Index(None, "until"),
    sqlite_autoincrement=True,
)

EXEMPTIONS = Table(
    "exemptions",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("scope", UnboundedText, nullable=False),
    Column("name", UnboundedText, nullable=False),
    Column("at", UTCDateTime, nullable=False),
    Column("until", UTCDateTime, nullable=False),
    Column("by", UnboundedText, nullable=False),
    Column("reason", UnboundedText, nullable=False),
    Column("ended_at", UTCDateTime),
    Index(None, "until"),
    sqlite_autoincrement=True,
)

BEATS = Table(
    "beats",
    METADATA,
    Column("name", UnboundedText, primary_key=True),
    Column("at", UTCDateTime, nullable=False),
)

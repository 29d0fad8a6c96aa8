"""The tables of what the culler remembers. A change of them needs a migration."""

from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator


class UTCDateTime(TypeDecorator[datetime]):
    """A moment, kept in UTC. SQLite forgets time zones, so a bare one is refused before."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Write it in UTC; raises ValueError for a moment without a time zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Read it in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class UnboundedText(TypeDecorator[str]):
    """Text without a bound. Sessions name their files as they like, also in no valid Unicode."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """Put a mark in place of what a database cannot keep."""
        if value is None:
            return None
        return value.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


class ExactDecimal(TypeDecorator[Decimal]):
    """An exact decimal, as text: SQLite would round it."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, _dialect: Dialect) -> str | None:
        """Write all its digits."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Decimal | None:
        """Read all its digits."""
        return None if value is None else Decimal(value)


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

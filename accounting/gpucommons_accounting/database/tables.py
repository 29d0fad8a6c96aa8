"""The tables of accounting. A change of them needs a migration.

Facts are only added, but for names of people who left: see ``named_facts``. Sessions follow from
them, and can be derived again at any time.
"""

from gpucommons_upkeep.columns import ExactDecimal, UnboundedText, UTCDateTime
from sqlalchemy import JSON, BigInteger, Column, Date, Index, Integer, MetaData, String, Table

from gpucommons_accounting.reckoning.use.totals import AMOUNTS

METADATA = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"}
)

EVENTS = Table(
    "events",
    METADATA,
    Column("key", UnboundedText, primary_key=True),
    Column("source", String(32), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("uid", String(64), nullable=False),
    Column("at", UTCDateTime, nullable=False),
    Column("observed_at", UTCDateTime, nullable=False),
    Column("payload", JSON, nullable=False),
    Index(None, "uid"),
)

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("uid", String(64), primary_key=True),
    Column("person", UnboundedText, nullable=False),
    Column("person_since", UnboundedText, nullable=False),
    Column("server", UnboundedText, nullable=False),
    Column("team", UnboundedText, nullable=False),
    Column("team_uid", UnboundedText, nullable=False),
    Column("environment", UnboundedText, nullable=False),
    Column("version", UnboundedText, nullable=False),
    Column("image", UnboundedText, nullable=False),
    Column("size", UnboundedText, nullable=False),
    Column("mode", UnboundedText, nullable=False),
    Column("units", ExactDecimal, nullable=False),
    Column("requested", UTCDateTime, nullable=False),
    Column("admitted", UTCDateTime),
    Column("bound", UTCDateTime),
    Column("ready", UTCDateTime),
    Column("stopping", UTCDateTime),
    Column("gone", UTCDateTime),
    Column("gone_by", UTCDateTime),
    Column("end_source", String(32)),
    Column("node", UnboundedText, nullable=False),
    Column("product", UnboundedText, nullable=False),
    Column("reason", String(32)),
    Column("reason_sentence", UnboundedText, nullable=False),
    Column("reason_by", UnboundedText, nullable=False),
    Column("flags", UnboundedText, nullable=False),
    Column("reach", Integer),
    Index(None, "person", "requested"),
    Index(None, "team", "requested"),
    Index(None, "requested"),
    Index(None, "gone"),
    Index(None, "gone_by"),
    Index(None, "end_source"),
    Index(None, "reach", "requested"),
)
"""``flags``: sorted, with blanks between. ``reach``: see ``listing``; none of what runs."""

IDS = {"person": "person_since", "team": "team_uid"}
"""By a column of sessions and totals: what tells those of one name apart."""

TOTALS = Table(
    "totals",
    METADATA,
    Column("span", String(8), primary_key=True),
    Column("begin", Date, primary_key=True),
    Column("team", UnboundedText, primary_key=True),
    Column("team_uid", UnboundedText, primary_key=True),
    Column("person", UnboundedText, primary_key=True),
    Column("person_since", UnboundedText, primary_key=True),
    Column("size", UnboundedText, primary_key=True),
    Column("environment", UnboundedText, primary_key=True),
    Column("product", UnboundedText, primary_key=True),
    Column("units", ExactDecimal, primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in AMOUNTS),
    sqlite_with_rowid=False,
)
"""What sessions that have ended did on each day and in each month: it follows from them."""

TOTALS_ZONE = Table("totals_zone", METADATA, Column("zone", String(255), primary_key=True))
"""The time zone whose days the totals are of; nothing while they are being made."""

NODE_FACTS = Table(
    "node_facts",
    METADATA,
    Column("node", String(255), primary_key=True),
    Column("at", UTCDateTime, primary_key=True),
    Column("state", String(32), nullable=False),
    Column("product", UnboundedText, nullable=False),
    Column("gpus", ExactDecimal, nullable=False),
)

PRICES = Table(
    "prices",
    METADATA,
    Column("product", String(255), primary_key=True),
    Column("valid_from", UTCDateTime, primary_key=True),
    Column("made_at", UTCDateTime, primary_key=True),
    Column("rate", ExactDecimal, nullable=False),
    Column("by", UnboundedText, nullable=False),
)
"""Of several for one moment, the one that was made last."""

BEATS = Table(
    "beats",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("at", UTCDateTime, nullable=False),
)
"""Until when something was known; ``watch``: which pods there are."""

ACTIVITY = Table(
    "activity",
    METADATA,
    Column("uid", String(64), primary_key=True),
    Column("begin", UTCDateTime, primary_key=True),
    Column("known_ms", Integer, nullable=False),
    Column("busy_ms", Integer, nullable=False),
    Column("idle_ms", Integer, nullable=False),
    Column("peak_memory", BigInteger),
    Column("meter", String(16), nullable=False),
    Index(None, "begin"),
)
"""What was measured of a session in a quarter of an hour: whole milliseconds, and bytes."""

SESSION_PODS = Table(
    "session_pods",
    METADATA,
    Column("uid", String(64), primary_key=True),
    Column("pod", UnboundedText, nullable=False),
)
"""Where a session is or was, as ``NAMESPACE/NAME``: exporters name pods, which come back."""

BUDGETS = Table(
    "budgets",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("name", UnboundedText, nullable=False),
    Column("unit", String(16), nullable=False),
    Column("rule", String(16), nullable=False),
    Column("amount", ExactDecimal, nullable=False),
    Column("period", String(16), nullable=False),
    Column("first_day", Date),
    Column("last_day", Date),
    Column("warn_at", String(64), nullable=False),
    Column("at_limit", String(16), nullable=False),
    Column("valid_from", UTCDateTime, nullable=False),
    Column("made_at", UTCDateTime, nullable=False),
    Column("by", UnboundedText, nullable=False),
    Column("reason", UnboundedText, nullable=False),
)
"""What was ever set. ``warn_at``: percents with blanks between."""

ADJUSTMENTS = Table(
    "adjustments",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("person", UnboundedText, nullable=False),
    Column("team", UnboundedText, nullable=False),
    Column("session", String(64), nullable=False),
    Column("gpu_time", ExactDecimal, nullable=False),
    Column("money", ExactDecimal, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("effective_at", UTCDateTime, nullable=False),
    Column("made_at", UTCDateTime, nullable=False),
    Column("by", UnboundedText, nullable=False),
    Column("reason", UnboundedText, nullable=False),
    Index(None, "effective_at"),
    Index(None, "session"),
)
"""What was ever granted or refunded. ``gpu_time`` in GPU-microseconds."""

STARTS = Table(
    "starts",
    METADATA,
    Column("start", String(64), primary_key=True),
    Column("person", UnboundedText, nullable=False),
    Column("server", UnboundedText, nullable=False),
    Column("team", UnboundedText, nullable=False),
    Column("environment", UnboundedText, nullable=False),
    Column("size", UnboundedText, nullable=False),
    Column("units", ExactDecimal, nullable=False),
    Column("asked", UTCDateTime, nullable=False),
    Column("at", UTCDateTime, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("why", String(64), nullable=False),
    Column("fault", String(32), nullable=False),
    Column("sentence", UnboundedText, nullable=False),
    Column("uid", String(64), nullable=False),
    Index(None, "asked"),
    Index(None, "outcome", "why"),
)
"""What the hub tells of each press of *Start*. Rows are only added."""

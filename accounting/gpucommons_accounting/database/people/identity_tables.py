"""The tables of people and teams. A change of them needs a migration."""

from gpucommons_upkeep.columns import UnboundedText, UTCDateTime
from sqlalchemy import JSON, Column, Index, Integer, String, Table

from gpucommons_accounting.database.tables import METADATA

PEOPLE = Table(
    "people",
    METADATA,
    Column("name", UnboundedText, primary_key=True),
    Column("since", String(64), primary_key=True),
    Column("left_at", UTCDateTime),
    Column("pseudonym", String(32)),
)
"""``since``: when the account was made, as the hub writes it. ``pseudonym``: what their name is
being replaced by; once it is, the row is gone, and with it who it was."""

ERASURES = Table(
    "erasures",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("at", UTCDateTime, nullable=False),
    Column("by", UnboundedText, nullable=False),
    Column("reason", UnboundedText, nullable=False),
)
"""Who had somebody forgotten, and why; not whom."""

TEAMS = Table(
    "teams",
    METADATA,
    Column("uid", String(64), primary_key=True),
    Column("name", UnboundedText, nullable=False),
    Column("since", UTCDateTime, nullable=False),
    Column("left_at", UTCDateTime),
    Column("leads", JSON, nullable=False),
)

TEAM_NAMES = Table(
    "team_names",
    METADATA,
    Column("uid", String(64), primary_key=True),
    Column("since", UTCDateTime, primary_key=True),
    Column("display_name", UnboundedText, nullable=False),
)
"""How people call a team from a moment on."""

LOOKS = Table(
    "looks",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("at", UTCDateTime, nullable=False),
    Column("by", UnboundedText, nullable=False),
    Column("person", UnboundedText, nullable=False),
    Column("person_since", UnboundedText, nullable=False),
    Column("what", UnboundedText, nullable=False),
    Index(None, "person", "at"),
)
"""Who looked at what one person used."""

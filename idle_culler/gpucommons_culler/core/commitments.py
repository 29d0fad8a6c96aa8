"""What was promised about a session: to keep it, to exempt it, when it ends. All in UTC."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Exemption:
    """An administrator's decision that the rules do not apply, until a moment (UTC)."""

    until: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Lease:
    """A person's decision to keep the session although it is idle, until a moment (UTC)."""

    until: datetime
    by: str


@dataclass(frozen=True, slots=True)
class KeepUsage:
    """How much of their right to keep a session people have used in one idle time."""

    times: int
    length: timedelta


@dataclass(frozen=True, slots=True)
class Countdown:
    """A warning in force: when it was given, and when it ends the session (UTC)."""

    warned_at: datetime
    stop_at: datetime

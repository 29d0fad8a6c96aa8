"""What the culler remembers: audit events, countdowns, leases, exemptions.

Moments are in UTC everywhere.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from gpucommons_culler.decision import Countdown
from gpucommons_culler.session import SessionKey


class EventKind(StrEnum):
    """What happened to a session. ``would-…`` are those of a dry run."""

    WARNED = "warned"
    CANCELLED = "cancelled"
    """The warning was taken back; the verdict says why."""
    KEPT = "kept"
    """A person kept it: a lease."""
    KEEP_REFUSED = "keep-refused"
    STOPPING = "stopping"
    """It is about to be stopped. Without this line nothing is stopped."""
    STOPPED = "stopped"
    RELEASED = "released"
    FAILED = "failed"
    """A stop, a release or a notice that did not work; it is tried again."""
    EXEMPTED = "exempted"
    EXEMPTION_ENDED = "exemption-ended"
    GONE = "gone"
    """A warned session ended by itself."""
    WOULD_WARN = "would-warn"
    WOULD_CANCEL = "would-cancel"
    WOULD_STOP = "would-stop"
    WOULD_RELEASE = "would-release"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the audit. reason is a sentence for people."""

    at: datetime
    kind: EventKind
    session: SessionKey
    team: str
    size: str
    reason: str
    by: str = ""
    """Who did it: a person's name; empty for the culler."""
    verdict: str = ""
    rule: str = ""
    idle_since: datetime | None = None
    gpus: Decimal = Decimal(0)
    """GPUs charged."""
    until: datetime | None = None
    """When a countdown, lease or exemption ends."""
    signals: tuple[dict[str, Any], ...] = field(default=())
    """What was measured, as JSON objects."""


@dataclass(frozen=True, slots=True)
class StandingCountdown:
    """A warning that stands, with what it rests on, so that a restart can go on with it."""

    session: SessionKey
    countdown: Countdown
    url: str
    signals: tuple[dict[str, Any], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class KeptLease:
    """A lease as it is kept. idle_since tells leases of one idle time from those of the next."""

    session: SessionKey
    at: datetime
    until: datetime
    by: str
    idle_since: datetime


class Scope(StrEnum):
    """Whom an exemption is for."""

    USER = "user"
    TEAM = "team"
    SESSION = "session"
    """One named server of a person, as ``NAME/SERVER`` or ``NAME``; also after a restart."""


@dataclass(frozen=True, slots=True)
class KeptExemption:
    """An exemption as it is kept; number is None before it is."""

    scope: Scope
    name: str
    at: datetime
    until: datetime
    by: str
    reason: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An event as it is kept. Later ones have larger numbers."""

    number: int
    event: Event


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are wanted; None and an empty set are all."""

    user: str | None = None
    team: str | None = None
    size: str | None = None
    kinds: frozenset[EventKind] = frozenset()
    since: datetime | None = None
    """From this moment on."""
    until: datetime | None = None
    """Before this moment."""

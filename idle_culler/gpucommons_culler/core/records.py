"""What the culler remembers: audit events, countdowns, leases, exemptions.

Moments are in UTC everywhere.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from gpucommons_culler.core.commitments import Countdown, Exemption, KeepUsage, Lease
from gpucommons_culler.core.session import Session, SessionKey


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
class StoredCountdown:
    """A warning in force, with what it rests on, so that it survives a restart."""

    session: SessionKey
    countdown: Countdown
    url: str
    signals: tuple[dict[str, Any], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class StoredLease:
    """A lease as it is stored. idle_since tells leases of one idle period from the next one's."""

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
class StoredExemption:
    """An exemption as it is stored; number is None before it is."""

    scope: Scope
    name: str
    at: datetime
    until: datetime
    by: str
    reason: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An event as it is stored. Later ones have larger numbers."""

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


class Records:
    """Countdowns, leases and exemptions of all sessions."""

    def __init__(
        self,
        countdowns: Iterable[StoredCountdown] = (),
        leases: Iterable[StoredLease] = (),
        exemptions: Iterable[StoredExemption] = (),
    ) -> None:
        self.countdowns = {each.session: each for each in countdowns}
        self._leases: dict[SessionKey, list[StoredLease]] = defaultdict(list)
        for lease in leases:
            self._leases[lease.session].append(lease)
        self._exemptions: dict[tuple[Scope, str], StoredExemption] = {}
        for each in sorted(exemptions, key=lambda one: one.until):
            self._exemptions[each.scope, each.name] = each  # the one that lasts longest

    def countdown(self, session: SessionKey) -> Countdown | None:
        """Return the warning in force."""
        stored = self.countdowns.get(session)
        return stored.countdown if stored else None

    def lease(self, session: SessionKey) -> Lease | None:
        """Return the lease that lasts longest."""
        last = max(self._leases.get(session, ()), key=lambda one: one.until, default=None)
        return Lease(last.until, last.by) if last else None

    def keeping(self, session: SessionKey, idle_since: datetime) -> KeepUsage:
        """Return how much of it was kept since the session was last used."""
        leases = [one for one in self._leases.get(session, ()) if one.at >= idle_since]
        length, end = timedelta(), idle_since
        for lease in sorted(leases, key=lambda one: one.at):  # they may overlap
            length += max(timedelta(), lease.until - max(lease.at, end))
            end = max(end, lease.until)
        return KeepUsage(len(leases), length)

    def exemption(self, session: Session) -> Exemption | None:
        """Return the exemption that lasts longest, of the session, its person or its team."""
        key = session.key
        asked = ((Scope.SESSION, key.name), (Scope.USER, key.user), (Scope.TEAM, session.team))
        found = [self._exemptions[each] for each in asked if each in self._exemptions]
        last = max(found, key=lambda one: one.until, default=None)
        return Exemption(last.until, last.by, last.reason) if last else None

"""Records to store and to show."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from gpucommons_culler.core.commitments import Countdown
from gpucommons_culler.core.records import (
    Event,
    EventKind,
    Scope,
    StoredCountdown,
    StoredExemption,
    StoredLease,
)
from gpucommons_culler.core.session import Session, SessionKey

NOW = datetime(2026, 11, 27, 14, 30, 0, 123456, UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ADA = SessionKey("ada", "", NOW - DAY)
BEN = SessionKey("ben", "night-run", NOW - 3 * HOUR)
PATIENCE_S = 60
"""For a database that is to answer: the disk may be busy with other work."""
SIGNAL = {"name": "gpu", "source": "DCGM", "value": "0 % at most", "active_at": None}


def an_event(kind: EventKind = EventKind.WARNED, session: SessionKey = ADA, **changes) -> Event:
    event = Event(
        at=NOW,
        kind=kind,
        session=session,
        team="vision",
        size="gpu-half",
        reason="It has been idle since 2026-11-27 13:30 UTC: 0 % at most.",
        by="root",
        verdict="idle-held",
        rule="size gpu-half",
        idle_since=NOW - HOUR,
        gpus=Decimal("0.5"),
        until=NOW + HOUR,
        signals=(SIGNAL,),
    )
    return replace(event, **changes)


def a_countdown(session: SessionKey = ADA, stop_at: datetime = NOW + HOUR) -> StoredCountdown:
    return StoredCountdown(session, Countdown(NOW, stop_at), f"/user/{session.name}/", (SIGNAL,))


def a_lease(session: SessionKey = ADA, until: datetime = NOW + HOUR) -> StoredLease:
    return StoredLease(session, NOW, until, session.user, NOW - HOUR)


def an_exemption(name: str = "vision", until: datetime = NOW + 7 * DAY) -> StoredExemption:
    return StoredExemption(Scope.TEAM, name, NOW, until, "root", "The paper is due.")


def a_session(key: SessionKey = ADA, **changes) -> Session:
    session = Session(
        key=key,
        url=f"/user/{key.name}/",
        team="vision",
        environment="pytorch",
        version="2026.11",
        size="gpu-half",
        gpus=Decimal("0.5"),
    )
    return replace(session, **changes)

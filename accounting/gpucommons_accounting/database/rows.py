"""Facts and sessions as rows of their tables."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from gpucommons_accounting.records.event import Event, EventKind, Source
from gpucommons_accounting.records.reason import Reason, ReasonCode
from gpucommons_accounting.records.session import Choice, Flag, Session

_MOMENTS = ("requested", "admitted", "bound", "ready", "stopping", "gone", "gone_by")
_CHOICE = tuple(Choice.__slots__)


def row_of_event(event: Event, observed_at: datetime) -> dict[str, Any]:
    """Return what is written of a fact."""
    return {
        "key": event.key,
        "source": str(event.source),
        "kind": str(event.kind),
        "uid": event.uid,
        "at": event.at,
        "observed_at": observed_at,
        "payload": dict(event.payload),
    }


def event_of(row: Row[Any]) -> Event:
    """Read a fact."""
    source, kind = Source(row.source), EventKind(row.kind)
    return Event(source, kind, row.uid, row.at, row.payload, row.observed_at, row.key)


def row_of_session(session: Session) -> dict[str, Any]:
    """Return what is written of a session."""
    reason = session.reason
    return {
        "uid": session.uid,
        **{name: getattr(session.choice, name) for name in _CHOICE},
        **{name: getattr(session, name) for name in _MOMENTS},
        "end_source": session.end_source and str(session.end_source),
        "node": session.node,
        "product": session.product,
        "reason": reason and str(reason.code),
        "reason_sentence": reason.sentence if reason else "",
        "reason_by": reason.by if reason else "",
        "flags": " ".join(sorted(session.flags)),
        "reach": session.reach,
    }


def session_of(row: Row[Any]) -> Session:
    """Read a session."""
    reason = row.reason and Reason(ReasonCode(row.reason), row.reason_sentence, row.reason_by)
    return Session(
        uid=row.uid,
        choice=Choice(**{name: getattr(row, name) for name in _CHOICE}),
        **{name: getattr(row, name) for name in _MOMENTS},
        end_source=Source(row.end_source) if row.end_source else None,
        node=row.node,
        product=row.product,
        reason=reason,
        flags=frozenset(map(Flag, row.flags.split())),
    )

"""The culler's memory in a database. Each method is one transaction, and none is half done."""

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from gpucommons_upkeep.database import PATIENCE_SECONDS, Database
from sqlalchemy import ColumnElement, Connection, Row, Table, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gpucommons_culler.core.commitments import Countdown
from gpucommons_culler.core.errors import AlreadyWarnedError, NoSuchExemptionError
from gpucommons_culler.core.records import (
    AuditLine,
    Event,
    EventFilter,
    EventKind,
    Records,
    Scope,
    StoredCountdown,
    StoredExemption,
    StoredLease,
)
from gpucommons_culler.core.session import SessionKey
from gpucommons_culler.database.tables import BEATS, COUNTDOWNS, EVENTS, EXEMPTIONS, LEASES

LEASES_MATTER = timedelta(days=30)
"""For how long after its end a lease may still count among those of one idle time."""
_TICK = "tick"
_MIGRATIONS = Path(__file__).with_name("migrations")


class Store:
    """Audit, countdowns, leases and exemptions. It blocks: call it in a thread.

    Every method raises StoreUnavailableError where the database is locked or away for longer than a
    few seconds (``patience_seconds``). Nothing was written then, unless the connection broke at
    the very end: a caller that writes again must cope with what is there already.
    """

    def __init__(self, url: str, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._database = Database(url, "idle culler", _MIGRATIONS, patience_seconds)

    def open(self) -> None:
        """Bring the tables up to date; raises StoreNewerError for a database of a newer program."""
        self._database.open()

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def record(self, event: Event) -> None:
        """Write one line of the audit."""
        with self._database.transaction() as connection:
            _record(connection, event)

    def begin(self, stored: StoredCountdown, event: Event | None) -> None:
        """Store a new warning; raises AlreadyWarnedError where this session has one.

        ``event`` is None for what the audit has already.
        """
        with self._database.transaction() as connection:
            try:
                connection.execute(insert(COUNTDOWNS).values(_of_countdown(stored)))
            except IntegrityError as error:
                raise AlreadyWarnedError(f"{stored.session.name} was warned already.") from error
            if event:
                _record(connection, event)

    def end(self, session: SessionKey, event: Event | None) -> bool:
        """Forget a warning, and say in the audit why; returns whether there was one.

        The line is written in any case: what happened, happened. None is for what the audit
        has already.
        """
        with self._database.transaction() as connection:
            gone = connection.execute(delete(COUNTDOWNS).where(_same(COUNTDOWNS, session)))
            if event:
                _record(connection, event)
            return bool(gone.rowcount)

    def countdowns(self) -> list[StoredCountdown]:
        """All warnings in force, the next to end first."""
        with self._database.transaction(reads=True) as connection:
            rows = connection.execute(select(COUNTDOWNS).order_by(COUNTDOWNS.c.stop_at))
            return [_as_countdown(row) for row in rows]

    def keep(self, lease: StoredLease, event: Event) -> None:
        """Keep a lease."""
        values = _of_session(lease.session) | {
            "at": lease.at,
            "until": lease.until,
            "by": lease.by,
            "idle_since": lease.idle_since,
        }
        with self._database.transaction() as connection:
            connection.execute(insert(LEASES).values(values))
            _record(connection, event)

    def leases(self, now: datetime) -> list[StoredLease]:
        """All leases in force or ended lately (`LEASES_MATTER`), the oldest first."""
        matter = LEASES.c.until > now - LEASES_MATTER
        with self._database.transaction(reads=True) as connection:
            rows = connection.execute(select(LEASES).where(matter).order_by(LEASES.c.number))
            return [
                StoredLease(_as_session(row), row.at, row.until, row.by, row.idle_since)
                for row in rows
            ]

    def exempt(self, exemption: StoredExemption, event: Event) -> int:
        """Keep an exemption; returns its number."""
        values = {
            "scope": exemption.scope,
            "name": exemption.name,
            "at": exemption.at,
            "until": exemption.until,
            "by": exemption.by,
            "reason": exemption.reason,
        }
        with self._database.transaction() as connection:
            kept = insert(EXEMPTIONS).values(values).returning(EXEMPTIONS.c.number)
            number = connection.execute(kept).scalar_one()
            _record(connection, event)
            return int(number)

    def end_exemption(self, number: int, at: datetime, event: Event) -> None:
        """End an exemption early; raises NoSuchExemptionError where this one is not in force."""
        change = update(EXEMPTIONS).where(EXEMPTIONS.c.number == number, _stands(at))
        with self._database.transaction() as connection:
            if not connection.execute(change.values(ended_at=at)).rowcount:
                raise NoSuchExemptionError(f"There is no exemption {number}.")
            _record(connection, event)

    def exemptions(self, now: datetime) -> list[StoredExemption]:
        """All exemptions in force, the next to end first."""
        wanted = select(EXEMPTIONS).where(_stands(now)).order_by(EXEMPTIONS.c.until)
        with self._database.transaction(reads=True) as connection:
            return [
                StoredExemption(
                    Scope(row.scope), row.name, row.at, row.until, row.by, row.reason, row.number
                )
                for row in connection.execute(wanted)
            ]

    def records(self, now: datetime) -> Records:
        """Return all that is remembered of sessions."""
        return Records(self.countdowns(), self.leases(now), self.exemptions(now))

    def beat(self, at: datetime) -> None:
        """Remember that a tick was finished."""
        change = update(BEATS).where(BEATS.c.name == _TICK).values(at=at)
        with self._database.transaction() as connection:
            if connection.execute(change).rowcount:
                return
            # Two replicas may write the very first one together: either is right.
            with suppress(IntegrityError):
                connection.execute(insert(BEATS).values(name=_TICK, at=at))

    def last_beat(self) -> datetime | None:
        """When a tick was last finished, by whichever replica; None before the first."""
        wanted = select(BEATS.c.at).where(BEATS.c.name == _TICK)
        with self._database.transaction(reads=True) as connection:
            return connection.execute(wanted).scalar_one_or_none()

    def events(
        self, which: EventFilter | None = None, limit: int = 100, before: int | None = None
    ) -> list[AuditLine]:
        """Lines of the audit, the newest first; ``before`` is the last number of the page before.

        However many there are, each page costs the same.
        """
        wanted = select(EVENTS).where(*_matching(which or EventFilter()))
        if before is not None:
            wanted = wanted.where(EVENTS.c.number < before)
        with self._database.transaction(reads=True) as connection:
            rows = connection.execute(wanted.order_by(EVENTS.c.number.desc()).limit(limit))
            return [AuditLine(row.number, _as_event(row)) for row in rows]

    def forget(self, before: datetime) -> int:
        """Delete what ended before a moment, except warnings; returns the number of lines."""
        with self._database.transaction() as connection:
            connection.execute(delete(LEASES).where(LEASES.c.until < before))
            connection.execute(delete(EXEMPTIONS).where(EXEMPTIONS.c.until < before))
            return connection.execute(delete(EVENTS).where(EVENTS.c.at < before)).rowcount


def _record(connection: Connection, event: Event) -> None:
    values = _of_session(event.session) | {
        "at": event.at,
        "kind": event.kind,
        "team": event.team,
        "size": event.size,
        "reason": event.reason,
        "by": event.by,
        "verdict": event.verdict,
        "rule": event.rule,
        "idle_since": event.idle_since,
        "gpus": event.gpus,
        "until": event.until,
        "signals": list(event.signals),
    }
    connection.execute(insert(EVENTS).values(values))


def _as_event(row: Row[Any]) -> Event:
    return Event(
        at=row.at,
        kind=EventKind(row.kind),
        session=_as_session(row),
        team=row.team,
        size=row.size,
        reason=row.reason,
        by=row.by,
        verdict=row.verdict,
        rule=row.rule,
        idle_since=row.idle_since,
        gpus=row.gpus,
        until=row.until,
        signals=tuple(row.signals),
    )


def _of_countdown(stored: StoredCountdown) -> dict[str, object]:
    return _of_session(stored.session) | {
        "warned_at": stored.countdown.warned_at,
        "stop_at": stored.countdown.stop_at,
        "url": stored.url,
        "signals": list(stored.signals),
    }


def _as_countdown(row: Row[Any]) -> StoredCountdown:
    countdown = Countdown(row.warned_at, row.stop_at)
    return StoredCountdown(_as_session(row), countdown, row.url, tuple(row.signals))


def _of_session(session: SessionKey) -> dict[str, object]:
    return {"user": session.user, "server": session.server, "started": session.started}


def _as_session(row: Row[Any]) -> SessionKey:
    return SessionKey(row.user, row.server, row.started)


def _same(table: Table, session: SessionKey) -> ColumnElement[bool]:
    return and_(*(table.c[name] == value for name, value in _of_session(session).items()))


def _stands(now: datetime) -> ColumnElement[bool]:
    return and_(EXEMPTIONS.c.until > now, EXEMPTIONS.c.ended_at.is_(None))


def _matching(which: EventFilter) -> list[ColumnElement[bool]]:
    exact = {"user": which.user, "team": which.team, "size": which.size}
    conditions = [EVENTS.c[name] == value for name, value in exact.items() if value is not None]
    if which.kinds:
        conditions.append(EVENTS.c.kind.in_(sorted(which.kinds)))
    if which.since:
        conditions.append(EVENTS.c.at >= which.since)
    if which.until:
        conditions.append(EVENTS.c.at < which.until)
    return conditions

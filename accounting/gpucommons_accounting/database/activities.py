"""What was measured of sessions. Only knowledge is added: the same again changes nothing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from gpucommons_upkeep.database import Database
from sqlalchemy import (
    Delete,
    Row,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
)

from gpucommons_accounting.database.identities import identities_in
from gpucommons_accounting.database.listing import EVERYBODY, Whose
from gpucommons_accounting.database.statements import alone, parts, unless_there
from gpucommons_accounting.database.tables import ACTIVITY, BEATS, IDS, SESSION_PODS, SESSIONS
from gpucommons_accounting.reckoning.activity import QUARTER, Activity, Efficiency, Meter
from gpucommons_accounting.reckoning.calendar import Calendar, Period
from gpucommons_accounting.reckoning.efficiencies import Own
from gpucommons_accounting.reckoning.report import NOBODY_KNOWN, By, about_sum, product_line
from gpucommons_accounting.records.event import Source

_MILLISECONDS = 1000
_MICROSECONDS = 1000
"""In a millisecond."""
_LONG_SECONDS = 60.0
_FORGOTTEN = 2000
"""Rows that are deleted in one transaction."""
_MEASURED = "measured"


@dataclass(frozen=True, slots=True)
class PodSession:
    """A session with GPUs, and the pod that it is or was."""

    uid: str
    pod: str
    """``NAMESPACE/NAME``; another session may have had it before, or have it later."""
    bound: datetime
    gone: datetime | None
    gone_by: datetime | None
    end_source: Source | None


class Activities:
    """Reads and writes it. It blocks: call it in a thread. Raises StoreUnavailableError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, measured: Iterable[Activity]) -> None:
        """Keep what was measured; of a quarter that is known already, what knows more of it."""
        new: dict[tuple[str, datetime], Activity] = {}
        for each in measured:
            key = each.uid, each.begin
            new[key] = new[key].better(each) if key in new else each
        if not new:
            return
        with self._database.transaction() as connection:
            alone(connection)
            first, last = min(begin for _, begin in new), max(begin for _, begin in new)
            known = select(ACTIVITY).where(ACTIVITY.c.begin.between(first, last))
            for uids in parts(sorted({uid for uid, _ in new})):
                for row in connection.execute(known.where(ACTIVITY.c.uid.in_(uids))):
                    old = _activity(row)
                    if (found := new.get((old.uid, old.begin))) and found.better(old) == old:
                        del new[old.uid, old.begin]
            if not new:
                return
            same = (ACTIVITY.c.uid == bindparam("of")) & (ACTIVITY.c.begin == bindparam("at"))
            keys = [{"of": uid, "at": begin} for uid, begin in new]
            connection.execute(delete(ACTIVITY).where(same), keys)
            connection.execute(insert(ACTIVITY), [_row(each) for each in new.values()])

    def of(self, period: Period, uids: Iterable[str] | None = None) -> dict[str, list[Activity]]:
        """Return what was measured in a period of all sessions or some, by their uids, in order."""
        query = select(ACTIVITY).where(
            ACTIVITY.c.begin > period.begin - QUARTER, ACTIVITY.c.begin < period.end
        )
        if uids is None:
            queries = [query]
        else:
            queries = [query.where(ACTIVITY.c.uid.in_(some)) for some in parts(sorted(uids))]
        found: dict[str, list[Activity]] = defaultdict(list)
        with self._database.transaction(reads=True) as connection:
            for each in queries:
                for row in connection.execute(each.order_by(ACTIVITY.c.begin)):
                    found[row.uid].append(_activity(row))
        return dict(found)

    def sums(
        self,
        period: Period,
        by: By,
        *,
        calendar: Calendar,
        whose: Whose = EVERYBODY,
    ) -> dict[Own, Efficiency]:
        """Sum up what was measured, in GPU-microseconds, by the lines of a report.

        period: of whole days. How much was allocated is not known here.
        """
        column = ACTIVITY.c.begin if by is By.DAY else SESSIONS.c[str(by)]
        own = SESSIONS.c[IDS[by]] if by in IDS else literal("")
        group = (column, own, SESSIONS.c.units)
        amounts = [func.sum(ACTIVITY.c[name]) for name in ("known_ms", "busy_ms", "idle_ms")]
        query = (
            select(*group, *amounts)
            .join(SESSIONS, SESSIONS.c.uid == ACTIVITY.c.uid)
            .where(ACTIVITY.c.begin >= period.begin, ACTIVITY.c.begin < period.end)
            .where(*whose.conditions())
            .group_by(*group)
        )
        found: dict[Own, Efficiency] = defaultdict(Efficiency)
        with self._database.transaction(reads=True, seconds=_LONG_SECONDS) as connection:
            known = identities_in(connection, whose.person) if by in IDS else NOBODY_KNOWN
            for key, its, units, *measured in connection.execute(query):
                name = calendar.day_of(key).isoformat() if by is By.DAY else str(key)
                name = product_line(name, units) if by is By.PRODUCT else name
                amounts_of = [units * int(each) * _MICROSECONDS for each in measured]
                about = about_sum(name, its, by, period.end, known)
                found[about.name, about.id] += Efficiency(Decimal(0), *amounts_of)
        return dict(found)

    def forget(self, before: datetime) -> int:
        """Delete what was measured before a moment; returns how many quarters that were.

        Some are deleted in each transaction, and others may write meanwhile: nobody derives
        anything from what was measured.
        """
        key = ACTIVITY.c.uid, ACTIVITY.c.begin
        old = select(*key).where(ACTIVITY.c.begin < before).order_by(ACTIVITY.c.begin)
        quarters = self._delete(delete(ACTIVITY).where(tuple_(*key).in_(old.limit(_FORGOTTEN))))
        over = select(SESSION_PODS.c.uid).join(SESSIONS, SESSIONS.c.uid == SESSION_PODS.c.uid)
        over = over.where(SESSIONS.c.gone_by < before).limit(_FORGOTTEN)
        self._delete(delete(SESSION_PODS).where(SESSION_PODS.c.uid.in_(over)))
        return quarters

    def _delete(self, some: Delete) -> int:
        """Delete some, until there are none; returns how many there were."""
        count = 0
        while True:
            with self._database.transaction(seconds=_LONG_SECONDS) as connection:
                deleted = connection.execute(some).rowcount
            count += deleted
            if deleted < _FORGOTTEN:
                return count

    def name_pods(self, pods: Mapping[str, str]) -> None:
        """Note in which pods sessions are, by their uids."""
        if pods:
            with self._database.transaction() as connection:
                rows = [{"uid": uid, "pod": pod} for uid, pod in pods.items()]
                connection.execute(unless_there(connection, SESSION_PODS), rows)

    def pod_sessions(self, period: Period) -> list[PodSession]:
        """Return the sessions with GPUs that there were in a period, and their pods, in order."""
        there = (SESSIONS.c.bound < period.end) & or_(
            SESSIONS.c.gone_by.is_(None), SESSIONS.c.gone_by >= period.begin
        )
        columns = (SESSIONS.c[name] for name in ("bound", "gone", "gone_by", "end_source"))
        query = select(SESSION_PODS, SESSIONS.c.units, *columns).join(
            SESSIONS, SESSIONS.c.uid == SESSION_PODS.c.uid
        )
        with self._database.transaction(reads=True) as connection:
            rows = connection.execute(query.where(there).order_by(SESSIONS.c.bound, SESSIONS.c.uid))
            return [_pod_session(row) for row in rows if row.units]

    def measured_until(self) -> datetime | None:
        """Return until when Prometheus was asked; None before the first time."""
        with self._database.transaction(reads=True) as connection:
            found: datetime | None = connection.scalar(
                select(BEATS.c.at).where(BEATS.c.name == _MEASURED)
            )
            return found

    def note_measured(self, until: datetime) -> None:
        """Note until when Prometheus was asked."""
        with self._database.transaction() as connection:
            connection.execute(delete(BEATS).where(BEATS.c.name == _MEASURED))
            connection.execute(insert(BEATS).values(name=_MEASURED, at=until))


def _row(activity: Activity) -> dict[str, object]:
    return {
        "uid": activity.uid,
        "begin": activity.begin,
        "known_ms": int(activity.known_seconds * _MILLISECONDS),
        "busy_ms": int(activity.busy_seconds * _MILLISECONDS),
        "idle_ms": int(activity.idle_seconds * _MILLISECONDS),
        "peak_memory": activity.peak_memory,
        "meter": str(activity.meter),
    }


def _activity(row: Row[Any]) -> Activity:
    return Activity(
        row.uid,
        row.begin,
        known_seconds=Decimal(row.known_ms) / _MILLISECONDS,
        busy_seconds=Decimal(row.busy_ms) / _MILLISECONDS,
        idle_seconds=Decimal(row.idle_ms) / _MILLISECONDS,
        peak_memory=row.peak_memory,
        meter=Meter(row.meter),
    )


def _pod_session(row: Row[Any]) -> PodSession:
    source = Source(row.end_source) if row.end_source else None
    return PodSession(row.uid, row.pod, row.bound, row.gone, row.gone_by, source)

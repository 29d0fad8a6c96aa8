"""What was measured of sessions. Only knowledge is added: the same again changes nothing."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from gpucommons_upkeep.database import Database
from sqlalchemy import (
    Connection,
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

from gpucommons_accounting.database.listing import EVERYBODY, Whose
from gpucommons_accounting.database.people.identities import identities_in
from gpucommons_accounting.database.statements import alone, parts, unless_there
from gpucommons_accounting.database.sums import totals
from gpucommons_accounting.database.sums.quarters import quarter_of_row
from gpucommons_accounting.database.tables import ACTIVITY, BEATS, IDS, SESSION_PODS, SESSIONS
from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period
from gpucommons_accounting.reckoning.use.activity import QUARTER, Activity, Efficiency, Meter
from gpucommons_accounting.reckoning.use.efficiencies import Own
from gpucommons_accounting.reckoning.use.report import NOBODY_KNOWN, By, about_sum, product_line
from gpucommons_accounting.reckoning.use.totals import Days, Quarter, Span, in_spans, whole_days
from gpucommons_accounting.records.event import Source

_MILLISECONDS = 1000
_MICROSECONDS = 1000
"""In a millisecond."""
_LONG_SECONDS = 60.0
_FORGOTTEN = 2000
"""Rows that are deleted in one transaction."""
_MEASURED = "measured"
_AMOUNTS = ("known_ms", "busy_ms", "idle_ms")


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

    def __init__(self, database: Database, calendar: Calendar) -> None:
        """calendar: the site's, of whose days totals are kept."""
        self._database, self._calendar = database, calendar

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
            before: dict[str, list[Quarter]] = defaultdict(list)
            for uids in parts(sorted({uid for uid, _ in new})):
                for row in connection.execute(known.where(ACTIVITY.c.uid.in_(uids))):
                    old = _activity(row)
                    found = new.get((old.uid, old.begin))
                    if found and found.better(old) == old:
                        del new[old.uid, old.begin]
                    elif found:
                        before[row.uid].append(quarter_of_row(row))
            if not new:
                return
            same = (ACTIVITY.c.uid == bindparam("of")) & (ACTIVITY.c.begin == bindparam("at"))
            keys = [{"of": uid, "at": begin} for uid, begin in new]
            connection.execute(delete(ACTIVITY).where(same), keys)
            rows = [_row(each) for each in new.values()]
            connection.execute(insert(ACTIVITY), rows)
            now: dict[str, list[Quarter]] = defaultdict(list)
            for each in new.values():
                now[each.uid].append(_quarter(each))
            totals.keep_up_measured(connection, self._calendar, before, now)

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

    def sums(self, period: Period, by: By, *, whose: Whose = EVERYBODY) -> dict[Own, Efficiency]:
        """Sum up what was measured, in GPU-microseconds, by the lines of a report.

        period: of whole days. How much was allocated is not known here. It comes from totals where
        there are some, but for what runs.
        """
        found: dict[Own, Efficiency] = defaultdict(Efficiency)
        with self._database.transaction(reads=True, seconds=_LONG_SECONDS) as connection:
            known = identities_in(connection, whose.person) if by in IDS else NOBODY_KNOWN
            for key, its, units, measured in self._rows(connection, period, by, whose):
                if not any(measured):
                    continue
                name = product_line(key, units) if by is By.PRODUCT else key
                amounts = [units * int(each) * _MICROSECONDS for each in measured]
                about = about_sum(name, its, by, period.end, known)
                found[about.name, about.id] += Efficiency(Decimal(0), *amounts)
        return dict(found)

    def _rows(
        self, connection: Connection, period: Period, by: By, whose: Whose
    ) -> Iterator[tuple[str, str, Decimal, Sequence[int]]]:
        """Yield name, id, GPUs and milliseconds known, busy and idle of each line."""
        calendar = self._calendar
        days = whole_days(period, calendar)
        if days and whose.person is None and totals.are_of(connection, calendar):
            spans = [Days(Span.DAY, *days)] if by is By.DAY else in_spans(*days)
            for some in spans:
                for total in totals.read(connection, some, str(by), whose.team, days[0]):
                    measured = [total[name] for name in _AMOUNTS]
                    yield total.name, total.id, total.units, measured
            whose = replace(whose, running=True)
        column = ACTIVITY.c.begin if by is By.DAY else SESSIONS.c[str(by)]
        own = SESSIONS.c[IDS[by]] if by in IDS else literal("")
        group = (column, own, SESSIONS.c.units)
        query = (
            select(*group, *(func.sum(ACTIVITY.c[name]) for name in _AMOUNTS))
            .join(SESSIONS, SESSIONS.c.uid == ACTIVITY.c.uid)
            .where(ACTIVITY.c.begin >= period.begin, ACTIVITY.c.begin < period.end)
            .where(*whose.conditions())
            .group_by(*group)
        )
        for key, its, units, *amounts in connection.execute(query):
            name = calendar.day_of(key).isoformat() if by is By.DAY else str(key)
            yield name, its, units, amounts

    def forget(self, before: datetime) -> int:
        """Delete what was measured before a moment; returns how many quarters that were.

        Some are deleted in each transaction, and others may write meanwhile.
        """
        quarters = some = self._forget_some(before)
        while some == _FORGOTTEN:
            some = self._forget_some(before)
            quarters += some
        over = select(SESSION_PODS.c.uid).join(SESSIONS, SESSIONS.c.uid == SESSION_PODS.c.uid)
        over = over.where(SESSIONS.c.gone_by < before).limit(_FORGOTTEN)
        self._delete(delete(SESSION_PODS).where(SESSION_PODS.c.uid.in_(over)))
        return quarters

    def _forget_some(self, before: datetime) -> int:
        """Delete some quarters, and take them out of the totals; returns how many there were."""
        key = ACTIVITY.c.uid, ACTIVITY.c.begin
        order = ACTIVITY.c.begin, ACTIVITY.c.uid
        some = select(*key).where(ACTIVITY.c.begin < before).order_by(*order).limit(_FORGOTTEN)
        these = tuple_(*key).in_(some)
        with self._database.transaction(seconds=_LONG_SECONDS) as connection:
            alone(connection)
            gone: dict[str, list[Quarter]] = defaultdict(list)
            for row in connection.execute(select(ACTIVITY).where(these)):
                gone[row.uid].append(quarter_of_row(row))
            totals.keep_up_measured(connection, self._calendar, gone, {})
            return connection.execute(delete(ACTIVITY).where(these)).rowcount

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


def _quarter(activity: Activity) -> Quarter:
    row = _row(activity)
    return Quarter(activity.begin, *(int(str(row[name])) for name in _AMOUNTS))


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

"""Totals of days and months: kept up with each session that ends, made anew, and read.

They follow from the sessions, in the same transaction: what a session was before is taken away, and
what it is now is added. So they are never behind, whatever is learnt late. They are of the days of
one time zone; where that is another than the site's, or they are not complete, nobody reads them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from gpucommons_accounting.database.listing import Whose, all_of
from gpucommons_accounting.database.tables import IDS, SESSIONS, TOTALS, TOTALS_ZONE
from gpucommons_accounting.reckoning.calendar import Calendar, Period
from gpucommons_accounting.reckoning.totals import (
    AMOUNTS,
    Amounts,
    Days,
    Key,
    Total,
    shares,
)
from gpucommons_accounting.records.session import Session

_KEY = tuple(field.name for field in fields(Key))
_KEY_COLUMNS = tuple(TOTALS.c[name] for name in _KEY)
_NOTHING = and_(*(TOTALS.c[name] == 0 for name in AMOUNTS))
_ONE_DAY = timedelta(days=1)


def keep_up(
    connection: Connection, calendar: Calendar, before: Iterable[Session], now: Iterable[Session]
) -> None:
    """Take away what sessions were before, and add what they are now."""
    changes = _sums(before, calendar, sign=-1)
    for key, amounts in _sums(now, calendar).items():
        _add(changes, key, amounts)
    rows = [_row(key, amounts) for key, amounts in changes.items() if any(amounts)]
    if not rows:
        return
    zone = _zone(connection)
    if zone not in (None, str(calendar.zone)):
        connection.execute(delete(TOTALS_ZONE))
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    change = dialect.insert(TOTALS)
    more = {name: TOTALS.c[name] + change.excluded[name] for name in AMOUNTS}
    connection.execute(change.on_conflict_do_update(index_elements=_KEY, set_=more), rows)
    less = [{f"its_{name}": row[name] for name in _KEY} for row in rows if _lessens(row)]
    if less:
        this = (column == bindparam(f"its_{column.name}") for column in _KEY_COLUMNS)
        connection.execute(delete(TOTALS).where(*this, _NOTHING), less)


def are_of(connection: Connection, calendar: Calendar) -> bool:
    """Whether they are complete, and of this calendar's days."""
    return _zone(connection) == str(calendar.zone)


def begin_anew(connection: Connection) -> None:
    """Let nobody read them until all are made."""
    connection.execute(delete(TOTALS_ZONE))


def months(connection: Connection, calendar: Calendar) -> Iterator[date]:
    """Yield the months in which there were sessions, or of which there are totals."""
    ends = select(func.min(SESSIONS.c.requested), func.max(SESSIONS.c.gone_by))
    moments = [each for each in connection.execute(ends).one() if each]
    ends_there = select(func.min(TOTALS.c.begin), func.max(TOTALS.c.begin))
    days = [each for each in connection.execute(ends_there).one() if each]
    days += [calendar.day_of(moment) for moment in moments]
    if not days:
        return
    month, last = min(days).replace(day=1), max(days)
    while month <= last:
        yield month
        month = (month + 31 * _ONE_DAY).replace(day=1)


def make(connection: Connection, calendar: Calendar, month: date) -> None:
    """Make those of a month and its days anew from its sessions."""
    after = (month + 31 * _ONE_DAY).replace(day=1)
    connection.execute(delete(TOTALS).where(TOTALS.c.begin >= month, TOTALS.c.begin < after))
    period = Period(calendar.begin_of(month), calendar.begin_of(after))
    sums = _sums(all_of(connection, period, Whose()), calendar)
    rows = [_row(key, each) for key, each in sums.items() if month <= key.begin < after]
    if rows:
        connection.execute(insert(TOTALS), rows)


def complete(connection: Connection, calendar: Calendar) -> None:
    """Say that all are made."""
    connection.execute(delete(TOTALS_ZONE))
    connection.execute(insert(TOTALS_ZONE).values(zone=str(calendar.zone)))


def read(
    connection: Connection, days: Days, by: str, team: str | None, first: date
) -> Iterator[Total]:
    """Yield the sums of some days, by a column of the table or by ``day``.

    first: the day on which the period begins that the days are of.
    """
    name = TOTALS.c["begin" if by == "day" else by]
    carried = case((TOTALS.c.begin == first, TOTALS.c.continued), else_=0)
    sums = [func.sum(TOTALS.c[each]) for each in AMOUNTS]
    ids = [TOTALS.c[IDS[by]]] if by in IDS else []
    group = (name, TOTALS.c.product, TOTALS.c.units, *ids)
    found = select(*sums, func.sum(carried), *group).where(*_within(days, team)).group_by(*group)
    for row in connection.execute(found):
        amounts, (before, named, product, units, *own) = row[: len(AMOUNTS)], row[len(AMOUNTS) :]
        whole = tuple(map(int, amounts))
        yield Total(str(named), product, units, whole, int(before), *own)


def by_team_and_begin(
    connection: Connection, days: Days, team: str | None
) -> Iterator[tuple[date, Total]]:
    """Yield the sums of teams, with the day or the month that each is of."""
    group = [TOTALS.c[name] for name in ("begin", "team", "units", "team_uid")]
    sums = [func.sum(TOTALS.c[each]) for each in AMOUNTS]
    query = select(*sums, *group).where(*_within(days, team)).group_by(*group)
    for row in connection.execute(query):
        amounts, (begin, name, units, uid) = row[: len(AMOUNTS)], row[len(AMOUNTS) :]
        yield begin, Total(name, "", units, tuple(map(int, amounts)), 0, uid)


def _within(days: Days, team: str | None) -> Iterator[ColumnElement[bool]]:
    yield TOTALS.c.span == str(days.span)
    yield TOTALS.c.begin >= days.begin
    yield TOTALS.c.begin < days.end
    if team is not None:
        yield TOTALS.c.team == team


def _sums(sessions: Iterable[Session], calendar: Calendar, sign: int = 1) -> dict[Key, list[int]]:
    sums: dict[Key, list[int]] = {}
    for session in sessions:
        for key, amounts in shares(session, calendar):
            _add(sums, key, amounts, sign)
    return sums


def _add(sums: dict[Key, list[int]], key: Key, amounts: Amounts | list[int], sign: int = 1) -> None:
    found = sums.setdefault(key, [0] * len(AMOUNTS))
    for place, amount in enumerate(amounts):
        found[place] += sign * amount


def _row(key: Key, amounts: list[int]) -> dict[str, Any]:
    named = {name: getattr(key, name) for name in _KEY} | {"span": str(key.span)}
    return named | dict(zip(AMOUNTS, amounts, strict=True))


def _lessens(row: dict[str, Any]) -> bool:
    return any(row[name] < 0 for name in AMOUNTS)


def _zone(connection: Connection) -> str | None:
    found: str | None = connection.scalar(select(TOTALS_ZONE.c.zone))
    return found

"""Totals of days and months: kept up with each session that ends, made anew, and read.

They follow from the sessions, in the same transaction: what a session was before is taken away, and
what it is now is added. So they are never behind, whatever is learnt late. They are of the days of
one time zone; where that is another than the site's, or they are not complete, nobody reads them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

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
from gpucommons_accounting.database.rows import session_of
from gpucommons_accounting.database.statements import parts
from gpucommons_accounting.database.sums.quarters import MEASURED, measured_in, quarters_of
from gpucommons_accounting.database.tables import IDS, SESSIONS, TOTALS, TOTALS_ZONE
from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period
from gpucommons_accounting.reckoning.use.totals import (
    AMOUNTS,
    Amounts,
    Days,
    Key,
    Quarter,
    Span,
    Total,
    measured_shares,
    shares,
)
from gpucommons_accounting.records.session import Session

_KEY = tuple(field.name for field in fields(Key))
_OWN = _KEY[2:]
"""What of it is of the session, and not of the day."""
_KEY_COLUMNS = tuple(TOTALS.c[name] for name in _KEY)
_NOTHING = and_(*(TOTALS.c[name] == 0 for name in AMOUNTS))
_ONE_DAY = timedelta(days=1)


def keep_up(
    connection: Connection,
    calendar: Calendar,
    before: Collection[Session],
    now: Collection[Session],
) -> None:
    """Take away what sessions were before, and add what they are now."""
    ended = {each.uid for each in (*before, *now) if each.gone is not None}
    measured = quarters_of(connection, ended)
    changes = _sums(before, calendar, sign=-1)
    _add_all(changes, _sums(now, calendar))
    for sign, sessions in ((-1, before), (1, now)):
        for session in sessions:
            _measure(changes, session, calendar, measured.get(session.uid, ()), sign)
    _change(connection, calendar, changes)


def keep_up_measured(
    connection: Connection,
    calendar: Calendar,
    before: Mapping[str, Iterable[Quarter]],
    now: Mapping[str, Iterable[Quarter]],
) -> None:
    """Take away what was known of some quarters, and add what is known of them now, by uid."""
    changes: dict[Key, list[int]] = {}
    for some in parts(sorted(before.keys() | now.keys())):
        for row in connection.execute(select(SESSIONS).where(SESSIONS.c.uid.in_(some))):
            session = session_of(row)
            _measure(changes, session, calendar, before.get(session.uid, ()), -1)
            _measure(changes, session, calendar, now.get(session.uid, ()), 1)
    _change(connection, calendar, changes)


def _measure(
    changes: dict[Key, list[int]],
    session: Session,
    calendar: Calendar,
    quarters: Iterable[Quarter],
    sign: int,
) -> None:
    for key, amounts in measured_shares(session, calendar, quarters):
        _add(changes, key, amounts, sign)


def _change(connection: Connection, calendar: Calendar, changes: dict[Key, list[int]]) -> None:
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
    _add_all(sums, _measured_in(connection, calendar, period))
    rows = [_row(key, each) for key, each in sums.items() if month <= key.begin < after]
    if rows:
        connection.execute(insert(TOTALS), rows)


def _measured_in(connection: Connection, calendar: Calendar, month: Period) -> dict[Key, list[int]]:
    sums: dict[Key, list[int]] = {}
    rest = len(AMOUNTS) - len(MEASURED)
    for day, period in calendar.days(month):
        for row in measured_in(connection, period, _OWN):
            own, measured = row[: len(_OWN)], map(int, row[len(_OWN) :])
            amounts = (*(0,) * rest, *measured)
            for span, begin in ((Span.DAY, day), (Span.MONTH, day.replace(day=1))):
                _add(sums, Key(span, begin, *own), amounts)
    return sums


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


class ChargedTotal(NamedTuple):
    """For how long sessions of a person and a team were charged, in microseconds."""

    person: str
    person_since: str
    team: str
    team_uid: str
    product: str
    units: Decimal
    """GPUs of each."""
    charged: int


def charged(connection: Connection, days: Days) -> Iterator[ChargedTotal]:
    """Yield for how long sessions of some days were charged."""
    group = [TOTALS.c[name] for name in ChargedTotal._fields[:-1]]
    found = select(*group, func.sum(TOTALS.c.charged))
    there = [*_within(days, None), TOTALS.c.charged != 0]
    for *own, amount in connection.execute(found.where(*there).group_by(*group)):
        yield ChargedTotal._make([*own, int(amount)])


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


def _add_all(sums: dict[Key, list[int]], more: Mapping[Key, list[int]]) -> None:
    for key, amounts in more.items():
        _add(sums, key, amounts)


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

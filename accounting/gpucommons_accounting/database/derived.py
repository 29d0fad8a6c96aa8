"""Sessions and totals that follow from facts: put in the place of what they were."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from sqlalchemy import Connection, bindparam, delete, insert, select

from gpucommons_accounting.database.rows import event_of, row_of_session, session_of
from gpucommons_accounting.database.statements import parts
from gpucommons_accounting.database.sums import totals
from gpucommons_accounting.database.tables import EVENTS, SESSIONS
from gpucommons_accounting.reckoning.periods.calendar import Calendar
from gpucommons_accounting.records.deriving import derive
from gpucommons_accounting.records.session import Session


def derive_anew(connection: Connection, calendar: Calendar, uids: Iterable[str]) -> None:
    """Derive sessions from their facts."""
    for some in parts(sorted(uids)):
        facts = connection.execute(
            select(EVENTS).where(EVENTS.c.uid.in_(some)).order_by(EVENTS.c.uid)
        ).all()
        now = [
            derive(event_of(row) for row in rows) for _, rows in groupby(facts, lambda row: row.uid)
        ]
        _replace(connection, calendar, _those(connection, some), now)


def forget_without_facts(
    connection: Connection, calendar: Calendar, last: str, end: str | None, there: set[str]
) -> None:
    """Forget the sessions after ``last`` until ``end`` that are not among those with facts."""
    between = [SESSIONS.c.uid > last, *([SESSIONS.c.uid <= end] if end else [])]
    uids = connection.scalars(select(SESSIONS.c.uid).where(*between))
    for some in parts(sorted(set(uids) - there)):
        _replace(connection, calendar, _those(connection, some), [])


def _those(connection: Connection, uids: list[str]) -> list[Session]:
    rows = connection.execute(select(SESSIONS).where(SESSIONS.c.uid.in_(uids)))
    return [session_of(row) for row in rows]


def _replace(
    connection: Connection, calendar: Calendar, before: Sequence[Session], now: Sequence[Session]
) -> None:
    same = set(before) & set(now)
    before = [session for session in before if session not in same]
    now = [session for session in now if session not in same]
    gone = [{"gone": session.uid} for session in before]
    if gone:
        connection.execute(delete(SESSIONS).where(SESSIONS.c.uid == bindparam("gone")), gone)
    if now:
        connection.execute(insert(SESSIONS), [row_of_session(session) for session in now])
    totals.keep_up(connection, calendar, before, now)

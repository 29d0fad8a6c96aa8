"""What was measured, as totals take it up: by session, or summed up over a day."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Row, func, select

from gpucommons_accounting.database.statements import parts
from gpucommons_accounting.database.tables import ACTIVITY, SESSIONS
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.reckoning.use.totals import Quarter

MEASURED = tuple(ACTIVITY.c[name] for name in ("known_ms", "busy_ms", "idle_ms"))


def quarters_of(connection: Connection, uids: Iterable[str]) -> dict[str, list[Quarter]]:
    """Return what was ever measured of some sessions, by their uids."""
    found: dict[str, list[Quarter]] = defaultdict(list)
    query = select(ACTIVITY.c.uid, ACTIVITY.c.begin, *MEASURED)
    for some in parts(sorted(uids)):
        for row in connection.execute(query.where(ACTIVITY.c.uid.in_(some))):
            found[row.uid].append(quarter_of_row(row))
    return found


def quarter_of_row(row: Row[Any]) -> Quarter:
    """Read a quarter."""
    return Quarter(row.begin, row.known_ms, row.busy_ms, row.idle_ms)


def measured_in(connection: Connection, day: Period, group: Iterable[str]) -> Iterator[Row[Any]]:
    """Yield what was measured of ended sessions in a day, summed up by columns of sessions.

    A row has these columns, and then the sums of `MEASURED`.
    """
    by = [SESSIONS.c[name] for name in group]
    query = (
        select(*by, *(func.sum(each).label(each.name) for each in MEASURED))
        .join(SESSIONS, SESSIONS.c.uid == ACTIVITY.c.uid)
        .where(ACTIVITY.c.begin >= day.begin, ACTIVITY.c.begin < day.end)
        .where(SESSIONS.c.gone.is_not(None))
        .group_by(*by)
    )
    yield from connection.execute(query)

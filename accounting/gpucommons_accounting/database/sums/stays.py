"""Sessions with GPUs as a replay takes them: a few columns of those of one product."""

from collections.abc import Iterable, Iterator

from sqlalchemy import ColumnElement, Connection, func, or_, select

from gpucommons_accounting.database.listing import AT_ONCE, there_in
from gpucommons_accounting.database.statements import parts
from gpucommons_accounting.database.tables import SESSIONS
from gpucommons_accounting.reckoning.capacity.recorded_starts import Stay, usual_products
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.records.start import Start

_COLUMNS = tuple(SESSIONS.c[name] for name in Stay._fields)


def stays_of(connection: Connection, period: Period, product: str) -> Iterator[Stay]:
    """Yield those that were there in a period, of a product or of one that nobody knows.

    They come by when they were asked for, and a few are in memory.
    """
    of_it = SESSIONS.c.product.in_([product, ""])
    for there in there_in(period):
        query = select(*_COLUMNS).where(there, of_it)
        query = query.order_by(SESSIONS.c.requested, SESSIONS.c.uid)
        for row in connection.execute(query, execution_options={"yield_per": AT_ONCE}):
            stay = Stay(*row)
            if stay.units:
                yield stay


def usual_in(connection: Connection, period: Period) -> dict[str, str]:
    """Return by size the product that most sessions of a period had."""
    had = SESSIONS.c.bound.is_not(None) & (
        SESSIONS.c.gone.is_(None) | (SESSIONS.c.bound < SESSIONS.c.gone)
    )
    there: ColumnElement[bool] = or_(*there_in(period))
    group = SESSIONS.c.size, SESSIONS.c.product, SESSIONS.c.units
    query = select(*group, func.count()).where(there, had, SESSIONS.c.product != "")
    rows = connection.execute(query.group_by(*group))
    return usual_products((size, product, count) for size, product, units, count in rows if units)


def unmet_of(connection: Connection, starts: Iterable[Start]) -> list[Start]:
    """Return the starts that came to nothing, without those of sessions that are on record."""
    found = {each.uid or each.start: each for each in starts if each.units and each.unmet}
    for some in parts(sorted(found)):
        there = select(SESSIONS.c.uid).where(SESSIONS.c.uid.in_(some))
        for uid in connection.scalars(there):
            del found[uid]
    return list(found.values())

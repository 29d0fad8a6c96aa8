"""Reports, from totals where there are some, and otherwise from sessions one by one."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from gpucommons_accounting.database import totals
from gpucommons_accounting.database.listing import Whose, all_of
from gpucommons_accounting.reckoning.calendar import Calendar, Period
from gpucommons_accounting.reckoning.prices import PriceList
from gpucommons_accounting.reckoning.report import By, Report, report
from gpucommons_accounting.reckoning.totals import Days, Span, Total, in_spans, whole_days
from gpucommons_accounting.records.identity import Identities


def report_of(
    connection: Connection,
    whose: Whose,
    period: Period,
    as_of: datetime,
    by: By,
    *,
    calendar: Calendar,
    prices: PriceList,
    identities: Identities,
) -> Report:
    """Sum up, in one transaction that sees one state of the database.

    What runs is no part of totals, and one person's sessions are few: these are read one by one.
    """
    parts = prices.spans(period)
    summed: list[tuple[Period, Total]] = []
    direct = whose
    if (
        whose.person is None
        and all(whole_days(part, calendar) for part in parts)
        and totals.are_of(connection, calendar)
    ):
        summed = list(_totals(connection, parts, by, whose.team, calendar))
        direct = Whose(team=whose.team, running=True)
    sessions = all_of(connection, period, direct)
    return report(
        sessions,
        period,
        as_of,
        by,
        calendar=calendar,
        prices=prices,
        totals=summed,
        identities=identities,
    )


def _totals(
    connection: Connection, parts: list[Period], by: By, team: str | None, calendar: Calendar
) -> Iterator[tuple[Period, Total]]:
    first = calendar.day_of(parts[0].begin)
    for part in parts:
        begin, end = calendar.day_of(part.begin), calendar.day_of(part.end)
        spans = [Days(Span.DAY, begin, end)] if by is By.DAY else in_spans(begin, end)
        for days in spans:
            for total in totals.read(connection, days, str(by), team, first):
                yield part, total

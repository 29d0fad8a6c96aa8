"""What teams used over time, from totals where there are some, and otherwise from sessions."""

from datetime import datetime

from gpucommons_upkeep.database import Database

from gpucommons_accounting.database import totals
from gpucommons_accounting.database.identities import identities_in
from gpucommons_accounting.database.listing import Whose, all_of
from gpucommons_accounting.reckoning.calendar import Calendar
from gpucommons_accounting.reckoning.named_period import YEAR, NamedPeriod
from gpucommons_accounting.reckoning.over_time import OverTime
from gpucommons_accounting.reckoning.report import By, about_sum, parts
from gpucommons_accounting.reckoning.totals import Days, Span

_LONG_SECONDS = 600.0


def over_time(
    database: Database,
    named: NamedPeriod,
    as_of: datetime,
    calendar: Calendar,
    team: str | None = None,
) -> OverTime:
    """Sum up by steps and teams. It blocks, and raises, as the store does."""
    found, period = OverTime(named, calendar), named.within(calendar)
    with database.transaction(reads=True, seconds=_LONG_SECONDS) as connection:
        known = identities_in(connection, None)
        summed = totals.are_of(connection, calendar)
        if summed:
            span = Span.MONTH if named.months == YEAR else Span.DAY
            days = Days(span, named.first, named.end)
            for begin, total in totals.by_team_and_begin(connection, days, team):
                step = found.of(begin)
                about = about_sum(total.name, total.id, By.TEAM, step.period.end, known)
                charged = total.units * total["charged"]
                allocated = total.units * (total["starting"] + total["ending"]) + charged
                step.add(about, charged, allocated)
        for session in all_of(connection, period, Whose(team=team, running=summed)):
            for about, _ in parts(session, period, By.TEAM, calendar, as_of, identities=known):
                found.add_session(session, about, as_of)
    return found

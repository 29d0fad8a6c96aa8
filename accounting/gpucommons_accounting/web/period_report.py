"""What the report of a period says of each team, beside the period before."""

from dataclasses import dataclass

from gpucommons_contract import Balance

from gpucommons_accounting.database.listing import EVERYBODY
from gpucommons_accounting.database.sums.reports import Wanted
from gpucommons_accounting.reckoning.budgets.spending import Spent
from gpucommons_accounting.reckoning.periods.named_period import NamedPeriod
from gpucommons_accounting.reckoning.use.activity import Efficiency
from gpucommons_accounting.reckoning.use.over_time import OverTime
from gpucommons_accounting.reckoning.use.report import By, Line, Report
from gpucommons_accounting.web.asking import Records
from gpucommons_accounting.web.budgets.budgeting import Budgeting

_TOP = 5
"""As many sizes and environments are told."""


@dataclass(frozen=True, slots=True)
class TeamLine:
    """One team."""

    line: Line
    before: Line
    """The same of the period before."""
    efficiency: Efficiency
    balances: list[Balance]
    """Its budgets at the end of the period, or now while it goes on."""


@dataclass(frozen=True, slots=True)
class PeriodReport:
    """A period, by team."""

    said: Report
    before: Report
    teams: list[TeamLine]
    efficiency: Efficiency
    sizes: list[Line]
    environments: list[Line]
    refunded: Spent
    over_time: OverTime


async def period_report(records: Records, budgeting: Budgeting, named: NamedPeriod) -> PeriodReport:
    """Sum up a period, its parts, and the one before it, of one state of the records."""
    calendar = records.site.calendar
    period = named.within(calendar)
    budgets = await budgeting.of_teams(period.end)
    over_time = OverTime(named, calendar)
    of_period, of_sizes, of_environments = (
        Wanted(period, by) for by in (By.TEAM, By.SIZE, By.ENVIRONMENT)
    )
    of_before = Wanted(named.before.within(calendar), By.TEAM)
    of_steps = [Wanted(step.period, By.TEAM) for step in over_time.steps]
    found = await records.reports(
        [of_period, of_sizes, of_environments, of_before, *of_steps, *budgets.wanted()], EVERYBODY
    )
    over_time.fill({each.period: found[each] for each in of_steps})
    said, before = found[of_period], found[of_before]
    efficient = await records.efficiencies(said, By.TEAM, EVERYBODY)
    balances = budgets.left(found)
    lines = {line.about: line for line in said.lines}
    earlier = {line.about: line for line in before.lines}
    teams = [
        TeamLine(
            lines.get(about, Line(about)),
            earlier.get(about, Line(about)),
            efficient.of(about),
            balances.get(about, []),
        )
        for about in lines | earlier
    ]
    teams.sort(key=lambda team: (-team.line.usage.charged, team.line.about))
    refunds = await budgeting.refunds(period, EVERYBODY)
    return PeriodReport(
        said,
        before,
        teams,
        efficient.total,
        _most(found[of_sizes]),
        _most(found[of_environments]),
        sum((each.given(records.site.currency) for each in refunds), Spent()),
        over_time,
    )


def _most(said: Report) -> list[Line]:
    """Return the lines with the most charged time; of those that have some."""
    charged = [line for line in said.lines if line.usage.charged]
    return sorted(charged, key=lambda line: (-line.usage.charged, line.about))[:_TOP]

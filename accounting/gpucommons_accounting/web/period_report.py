"""What the report of a period says of each team, beside the period before."""

from dataclasses import dataclass

from gpucommons_contract import Balance

from gpucommons_accounting.database.listing import EVERYBODY
from gpucommons_accounting.reckoning.activity import Efficiency
from gpucommons_accounting.reckoning.named_period import NamedPeriod
from gpucommons_accounting.reckoning.report import By, Line, Report
from gpucommons_accounting.reckoning.spending import Spent
from gpucommons_accounting.web.asking import Records
from gpucommons_accounting.web.budgeting import Budgeting

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


async def period_report(records: Records, budgeting: Budgeting, named: NamedPeriod) -> PeriodReport:
    """Sum up a period and the one before it."""
    calendar = records.site.calendar
    period = named.within(calendar)
    said = await records.report(period, By.TEAM, EVERYBODY)
    before = await records.report(named.before.within(calendar), By.TEAM, EVERYBODY)
    efficient = await records.efficiencies(said, By.TEAM, EVERYBODY)
    balances = await budgeting.of_teams(period.end)
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
        _most(await records.report(period, By.SIZE, EVERYBODY)),
        _most(await records.report(period, By.ENVIRONMENT, EVERYBODY)),
        sum((each.given(records.site.currency) for each in refunds), Spent()),
    )


def _most(said: Report) -> list[Line]:
    """Return the lines with the most charged time; of those that have some."""
    charged = [line for line in said.lines if line.usage.charged]
    return sorted(charged, key=lambda line: (-line.usage.charged, line.about))[:_TOP]

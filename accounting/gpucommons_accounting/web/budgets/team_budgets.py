"""What was left of teams' budgets at the end of a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gpucommons_contract import Balance

from gpucommons_accounting.database.sums.reports import Wanted
from gpucommons_accounting.reckoning.budgets.adjustments import Adjustment
from gpucommons_accounting.reckoning.budgets.balances import Balancing, InForce
from gpucommons_accounting.reckoning.budgets.budget import Budget, Subject
from gpucommons_accounting.reckoning.budgets.spending import KINDS, charged_in, is_theirs, spending
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.reckoning.use.report import About, By, Report
from gpucommons_accounting.records.identity import Identities
from gpucommons_accounting.web.site import Site


@dataclass(frozen=True, slots=True)
class TeamBudgets:
    """Those that were in force, and what was granted and refunded by then."""

    budgets: InForce
    periods: Mapping[Budget, Period]
    until: datetime
    """When the day after begins."""
    adjustments: Sequence[Adjustment]
    newest: Mapping[Subject, str]
    known: Identities
    site: Site

    def wanted(self) -> list[Wanted]:
        """Return the reports that say what teams were charged for until then."""
        return [self._wanted(period) for period in set(self.periods.values())]

    def left(self, reports: Mapping[Wanted, Report]) -> dict[About, list[Balance]]:
        """Return what was left to each team; one that used nothing is not among them."""
        spent = {
            period: spending(
                charged_in(reports[self._wanted(period)], By.TEAM), self.newest, self.known
            )
            for period in set(self.periods.values())
        }
        balances = Balancing(
            self.budgets,
            self.periods,
            spent,
            self.adjustments,
            self.site.currency,
            self.site.calendar,
        ).balances()
        there = {
            line.about
            for each in self.wanted()
            for line in reports[each].lines
            if self._is_there(line.about)
        }
        return {
            about: [found for each in balances if (found := each.applied_to(about.name))]
            for about in there
        }

    def _wanted(self, period: Period) -> Wanted:
        return Wanted(Period(period.begin, min(period.end, self.until)), By.TEAM)

    def _is_there(self, about: About) -> bool:
        subject = Subject(KINDS[By.TEAM], about.name)
        return is_theirs(subject, about.id, self.newest, self.known)

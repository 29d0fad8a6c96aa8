"""What is left of budgets. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from gpucommons_contract import Balance, SubjectKind

from gpucommons_accounting.reckoning.budgets.adjustments import Adjustment, AdjustmentKind, adjusted
from gpucommons_accounting.reckoning.budgets.budget import Budget, Rule, Subject
from gpucommons_accounting.reckoning.budgets.spending import Spending, Spent
from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period

InForce = Mapping[tuple[Subject, str], Budget]


def periods_of(budgets: InForce, moment: datetime, calendar: Calendar) -> dict[Budget, Period]:
    """Return those that have a limit, each with its period at a moment."""
    limited = (each for each in budgets.values() if each.rule is Rule.LIMITED)
    found = {each: each.at(moment, calendar) for each in limited}
    return {each: period for each, period in found.items() if period is not None}


@dataclass(frozen=True, slots=True)
class Balancing:
    """What balances are reckoned from: it is the same for all of them."""

    budgets: InForce
    periods: Mapping[Budget, Period]
    spent: Mapping[Period, Spending]
    """By period of a budget, what each was charged in it."""
    adjustments: Sequence[Adjustment]
    currency: str
    calendar: Calendar

    def balances(self) -> list[Balance]:
        """Return what is left of each budget that has a limit.

        A budget that everybody has is there once, with what is left to those who used some of it.
        Who was granted more has an entry of their own.
        """
        found: list[Balance] = []
        for budget in sorted(self.periods, key=lambda each: (each.subject, each.unit)):
            if budget.subject.name:
                found.append(self._balance(budget, budget.subject))
            else:
                found += self._of_everybody(budget)
        return found

    def _of_everybody(self, budget: Budget) -> Iterator[Balance]:
        kind, period = budget.subject.kind, self.periods[budget]
        own = {
            each.name
            for each, unit in self.budgets
            if each.kind is kind and unit == budget.unit and each.name
        }
        names = {each.name for each in self.spent[period] if each.kind is kind}
        changed = {
            each.person if kind is SubjectKind.PERSON else each.team
            for each in self.adjustments
            if period.has(each.effective_at)
        }
        left: dict[str, Decimal] = {}
        apart = []
        for name in sorted((names | changed) - own - {""}):
            if name not in changed:  # most of them, and there may be thousands
                spent = self.spent[period][Subject(kind, name)]
                left[name] = budget.amount - spent.amount(budget.unit)
                continue
            each = self._balance(budget, Subject(kind, name))
            if each.amount == budget.amount:
                left[name] = each.left
            else:
                apart.append(each)
        exempt = frozenset(own | {each.name for each in apart})
        yield self._written(budget, "", budget.amount, budget.amount, left, exempt)
        yield from apart

    def _balance(self, budget: Budget, subject: Subject) -> Balance:
        period = self.periods[budget]
        here = [each for each in self.adjustments if period.has(each.effective_at)]
        granted = adjusted(here, AdjustmentKind.GRANT, subject, self.currency)
        refunded = adjusted(here, AdjustmentKind.REFUND, subject, self.currency)
        charged = self.spent[period].get(subject, Spent()) - refunded
        amount = max(budget.amount + granted.amount(budget.unit), Decimal(0))
        return self._written(budget, subject.name, amount, amount - charged.amount(budget.unit))

    def _written(  # noqa: PLR0917 -- as many as a balance has that differ
        self,
        budget: Budget,
        name: str,
        amount: Decimal,
        left: Decimal,
        left_by_name: Mapping[str, Decimal] | None = None,
        exempt: frozenset[str] = frozenset(),
    ) -> Balance:
        return Balance(
            kind=budget.subject.kind,
            name=name,
            unit=budget.unit,
            amount=amount,
            left=left,
            resets_at=self.periods[budget].end.astimezone(self.calendar.zone),
            period=str(budget.period),
            at_limit=budget.at_limit,
            warn_at=budget.warn_at,
            left_by_name=left_by_name or {},
            exempt=exempt,
        )

"""How pages write budgets: amounts, when they begin anew, and how long they last."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

from babel.dates import format_skeleton
from babel.numbers import format_currency, format_decimal
from gpucommons_contract import GPU_HOURS, Balance, SubjectKind
from gpucommons_contract.words import ENGLISH, language, phrase

from gpucommons_accounting.reckoning.budgets.adjustments import Adjustment
from gpucommons_accounting.reckoning.budgets.budget import Budget, Rule
from gpucommons_accounting.reckoning.budgets.pace import lasts_until
from gpucommons_accounting.reckoning.periods.calendar import in_hours
from gpucommons_accounting.web.budgets.balance_sheet import Sheet

_BRITISH = "en_GB"
"""Writes a day as ``1 December``."""
_ONE_DAY = timedelta(days=1)
_USED_UP = 100


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """A budget as a page shows it."""

    balance: Balance
    days: int | None
    """In how many days it is used up at the pace until now; None: not before it begins anew."""
    title: str = ""
    """How people call the team that it is of; empty where it is of a person."""

    @property
    def is_team(self) -> bool:
        """Whether it is shared by a team."""
        return self.balance.kind is SubjectKind.TEAM

    @property
    def is_used_up(self) -> bool:
        """Whether nothing is left."""
        return self.balance.left <= 0

    @property
    def width(self) -> Decimal:
        """Which part of the bar is full, in percent."""
        return min(max(self.balance.used_percent, Decimal(0)), Decimal(_USED_UP))


def lines_of(sheet: Sheet, person: str, teams: Mapping[str, str]) -> list[BalanceLine]:
    """Return the budgets of a person and of the teams that they work in.

    teams: by their names, how people call them.
    """
    said = sheet.balances
    found = [line_of(each, sheet) for each in said.of(SubjectKind.PERSON, person)]
    for team, title in teams.items():
        found += [line_of(each, sheet, title) for each in said.of(SubjectKind.TEAM, team)]
    return found


def line_of(balance: Balance, sheet: Sheet, title: str = "") -> BalanceLine:
    """Return a budget with how long it lasts. title: of its team."""
    as_of = sheet.balances.as_of
    until = lasts_until(balance, sheet.begin_of(balance), as_of)
    return BalanceLine(balance, None if until is None else (until - as_of) // _ONE_DAY, title)


def amount_of(amount: Decimal, unit: str) -> str:
    """Write an amount without its unit, where that is no currency: ``12.4``."""
    if unit == GPU_HOURS:
        rounded = amount.quantize(Decimal("0.01")) + Decimal(0)
        return str(format_decimal(rounded, "#,##0.##", locale=language()))
    return str(format_currency(amount, unit, locale=language()))


def quantity(amount: Decimal, unit: str) -> str:
    """Write an amount with its unit: ``40 GPU-hours``, ``€40.00``."""
    written = amount_of(amount, unit)
    return phrase("%(hours)s GPU-hours", hours=written) if unit == GPU_HOURS else written


def clock(moment: datetime, zone: tzinfo) -> str:
    """Write a moment by the site's clock: ``1 December, 00:00 CET``."""
    local = moment.astimezone(zone)
    code = _BRITISH if language() == ENGLISH else language()
    day = format_skeleton("MMMMd", local, locale=code)
    return f"{day}, {local:%H:%M} {local.tzname()}"


def said_of_budget(budget: Budget) -> str:
    """Write what was set, in English: ``each person: 40 GPU-hours a month, then deny``."""
    subject = budget.subject
    whose = f"{subject.kind} {subject.name}" if subject.name else f"each {subject.kind}"
    if budget.rule is Rule.UNLIMITED:
        return f"{whose}: no limit in {budget.unit}"
    if budget.rule is Rule.DEFAULT:
        return f"{whose}: as for everybody, in {budget.unit}"
    days = f" ({budget.first_day} to {budget.last_day})" if budget.first_day else ""
    amount = quantity(budget.amount, budget.unit)
    return f"{whose}: {amount} a {budget.period}{days}, then {budget.at_limit}"


def said_of_adjustment(adjustment: Adjustment) -> str:
    """Write what was granted or refunded, in English: ``person ada: grant of 5 GPU-hours``."""
    named = (("person", adjustment.person), ("team", adjustment.team))
    whose = " and ".join(f"{kind} {name}" for kind, name in named if name)
    hours = in_hours(adjustment.gpu_time)
    amounts = [quantity(hours, GPU_HOURS)] if hours else []
    amounts += [quantity(adjustment.money, adjustment.currency)] if adjustment.money else []
    about = f" for session {adjustment.session}" if adjustment.session else ""
    return f"{whose}: {adjustment.kind} of {' and '.join(amounts)}{about}"

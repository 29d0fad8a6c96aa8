"""Budgets as JSON. Amounts are texts: GPU-hours with six places, or money."""

from decimal import Decimal

from gpucommons_contract import GPU_HOURS, Balance

from gpucommons_accounting.reckoning.budgets.adjustments import Adjustment, AdjustmentKind
from gpucommons_accounting.reckoning.budgets.budget import Budget, Rule
from gpucommons_accounting.reckoning.periods.calendar import in_hours
from gpucommons_accounting.web.budgets.balance_sheet import Sheet

_PLACES = Decimal("0.000001")
_COST_PLACES = Decimal("1e-9")


def balance_json(balance: Balance, sheet: Sheet) -> dict[str, object]:
    """Return what is left of a budget in its period."""
    return {
        "for": str(balance.kind),
        "name": balance.name,
        "unit": balance.unit,
        "amount": amount_json(balance.amount, balance.unit),
        "used": amount_json(balance.used, balance.unit),
        "left": amount_json(balance.left, balance.unit),
        "used_percent": f"{balance.used_percent:.1f}",
        "warned_at": balance.reached,
        "period": balance.period,
        "begins_at": sheet.begin_of(balance).isoformat(),
        "resets_at": balance.resets_at.isoformat(),
        "warn_at": list(balance.warn_at),
        "at_limit": str(balance.at_limit),
    }


def budget_json(budget: Budget) -> dict[str, object]:
    """Return what was set."""
    limited = budget.rule is Rule.LIMITED
    return {
        "for": str(budget.subject.kind),
        "name": budget.subject.name,
        "unit": budget.unit,
        "amount": amount_json(budget.amount, budget.unit) if limited else str(budget.rule),
        "period": str(budget.period),
        "first_day": budget.first_day and budget.first_day.isoformat(),
        "last_day": budget.last_day and budget.last_day.isoformat(),
        "warn_at": list(budget.warn_at),
        "at_limit": str(budget.at_limit),
        "valid_from": budget.valid_from.isoformat(),
        "made_at": budget.made_at and budget.made_at.isoformat(),
        "by": budget.by,
        "reason": budget.reason,
    }


def adjustment_json(adjustment: Adjustment) -> dict[str, object]:
    """Return what was granted or refunded."""
    return {
        "kind": str(adjustment.kind),
        "person": adjustment.person,
        "team": adjustment.team,
        "session": adjustment.session,
        "gpu_hours": amount_json(in_hours(adjustment.gpu_time), GPU_HOURS),
        "money": str(adjustment.money),
        "currency": adjustment.currency,
        "effective_at": adjustment.effective_at.isoformat(),
        "made_at": adjustment.made_at.isoformat(),
        "by": adjustment.by,
        "reason": adjustment.reason,
    }


def refunds_json(
    refunds: list[Adjustment], charged: Decimal, cost: Decimal, currency: str
) -> dict[str, object]:
    """Return the refunds of a report, and what is left of its sums with them.

    charged: GPU-microseconds.
    """
    given = [each.given(currency) for each in refunds if each.kind is AdjustmentKind.REFUND]
    back = sum((each.gpu_time for each in given), Decimal(0))
    money = sum((each.money for each in given), Decimal(0))
    return {
        "adjustments": [adjustment_json(each) for each in refunds],
        "net": {
            "charged_gpu_hours": amount_json(in_hours(charged - back), GPU_HOURS),
            "cost": str(cost - money),
        },
    }


def amount_json(amount: Decimal, unit: str) -> str:
    """Write an amount of a budget's unit; of money no more digits than the CSV has of a charge."""
    if unit == GPU_HOURS:
        return str(amount.quantize(_PLACES))
    rounded = amount.quantize(_COST_PLACES)
    return f"{amount if amount == rounded else rounded:f}"

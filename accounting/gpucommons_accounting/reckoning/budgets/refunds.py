"""How much a refund of a session is. Pure."""

from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from gpucommons_contract import GPU_HOURS

from gpucommons_accounting.reckoning.budgets.adjustments import Adjustment, AdjustmentKind
from gpucommons_accounting.reckoning.budgets.spending import Spent
from gpucommons_accounting.reckoning.periods.calendar import Period, in_hours
from gpucommons_accounting.reckoning.use.prices import PriceList
from gpucommons_accounting.records.session import Session

GPU_HOUR = 3_600_000_000
"""GPU-microseconds."""


class RefundError(ValueError):
    """Not possible; the text says why, and what is."""


def charged(session: Session, prices: PriceList, as_of: datetime) -> Spent:
    """Return all that a session was charged until a moment."""
    whole = Period(session.requested, max(as_of, session.gone or as_of, session.requested))
    lines = list(prices.charges(session, whole, as_of))
    return Spent.of(
        sum((each.amount for each in lines), Decimal(0)),
        prices.rounded(sum((each.cost for each in lines if each.cost is not None), Decimal(0))),
    )


def refunded(adjustments: Iterable[Adjustment], currency: str) -> Spent:
    """Sum up what adjustments of a session refund."""
    found = Spent()
    for each in adjustments:
        if each.kind is AdjustmentKind.REFUND:
            found += each.given(currency)
    return found


def refund(whole: Spent, before: Spent, amount: Decimal | None, unit: str, places: int) -> Spent:
    """Return the refund of an amount: its cost is that part of the whole one, rounded once.

    whole: what was charged; before: what was refunded already. Without an amount it is all that
    is left. An amount below zero takes back some of what was refunded. places: of the currency.
    Raises RefundError.
    """
    left = whole - before
    if amount is None:
        wanted = left
    elif unit == GPU_HOURS:
        time = amount * GPU_HOUR
        part = max(min(_part(whole, time, places), left.money), -before.money)
        all_back = time < 0 and time == -before.gpu_time
        wanted = Spent.of(time, -before.money if all_back else part)
    else:
        wanted = Spent.of(Decimal(0), amount)
    if wanted == Spent():
        raise RefundError("Nothing is left of this session to refund.")
    after = before + wanted
    if not (0 <= after.gpu_time <= whole.gpu_time and 0 <= after.money <= whole.money):
        most, least = (f"{in_hours(each.gpu_time):.2f}" for each in (left, before))
        raise RefundError(
            f"{most} GPU-hours of this session ({left.money} in money) are left to refund, and "
            f"{least} GPU-hours were refunded, which can be taken back."
        )
    return wanted


def _part(whole: Spent, gpu_time: Decimal, places: int) -> Decimal:
    if not whole.gpu_time:
        return Decimal(0)
    cost = whole.money * gpu_time / whole.gpu_time
    return cost.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)

"""How long a budget lasts if people go on as they did in its period. Pure."""

from datetime import datetime, timedelta
from decimal import Decimal

from gpucommons_contract import Balance

from gpucommons_accounting.reckoning.periods.calendar import microseconds

_LEAST = timedelta(days=1)
"""Before this much of a period is over, nobody's pace is known."""


def lasts_until(balance: Balance, begin: datetime, as_of: datetime) -> datetime | None:
    """Return when a budget is used up at the pace of its period so far.

    None where it is not before its next period begins, or where the pace is not known.
    """
    passed = as_of - begin
    if passed < _LEAST or balance.used <= 0 or balance.left <= 0:
        return None
    rest = balance.left * microseconds(passed) / balance.used
    until_reset = Decimal(microseconds(balance.resets_at - as_of))
    return as_of + timedelta(microseconds=int(rest)) if rest < until_reset else None

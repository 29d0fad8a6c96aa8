"""What charged time costs. A price holds from a moment on, and is never edited.

Source of the terms: FOCUS 1.2 (https://focus.finops.org), whose ``BilledCost`` a line's cost is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise

from gpucommons_accounting.reckoning.periods.calendar import Period, in_hours, microseconds
from gpucommons_accounting.records.session import Session, State


@dataclass(frozen=True, slots=True)
class Price:
    """What an hour of one GPU costs, for one product or, with an empty name, for all others."""

    product: str
    rate: Decimal
    """For one GPU-hour, in the site's currency."""
    valid_from: datetime


@dataclass(frozen=True, slots=True)
class Charge:
    """A line: charged time of one session at one rate."""

    session: Session
    period: Period
    amount: Decimal
    """GPU-microseconds."""
    rate: Decimal | None
    """None where there is no price: it costs something, and nobody knows how much."""

    @property
    def cost(self) -> Decimal | None:
        """What it costs, with all digits; None where there is no price."""
        return None if self.rate is None else in_hours(self.amount * self.rate)


def rounded(cost: Decimal, minor_unit: int) -> Decimal:
    """Return a cost for people to read: to the currency's minor unit, half to even."""
    return cost.quantize(Decimal(1).scaleb(-minor_unit), ROUND_HALF_EVEN)


class PriceList:
    """The prices of a site, with their history."""

    def __init__(self, prices: Iterable[Price], minor_unit: int = 2) -> None:
        """minor_unit: places after the point, of ISO 4217: 2 for euro, 0 for yen."""
        self._prices = sorted(prices, key=lambda price: price.valid_from)
        self._minor_unit = minor_unit

    def rounded(self, cost: Decimal) -> Decimal:
        """Return a cost for people to read."""
        return rounded(cost, self._minor_unit)

    def spans(self, period: Period) -> list[Period]:
        """Return the parts of a period within which no price changes."""
        inner = {each.valid_from for each in self._prices if period.has(each.valid_from)}
        marks = sorted({period.begin, *inner, period.end})
        return [Period(begin, end) for begin, end in pairwise(marks)]

    def charges(self, session: Session, period: Period, as_of: datetime) -> Iterator[Charge]:
        """Yield the lines of one session in a period, one for each rate that it met."""
        for interval in session.intervals(as_of):
            if interval.state is not State.CHARGED or not session.choice.units:
                continue
            begin, end = max(interval.begin, period.begin), min(interval.end, period.end)
            for part, rate in self._parts(session.product, begin, end):
                amount = session.choice.units * microseconds(part.end - part.begin)
                yield Charge(session, part, amount, rate)

    def rate(self, product: str, moment: datetime) -> Decimal | None:
        """Return the rate of a product at a moment; None where it has no price then."""
        for name in (product, ""):
            valid = [
                price.rate
                for price in self._prices
                if price.product == name and price.valid_from <= moment
            ]
            if valid:
                return valid[-1]
        return None

    def _parts(
        self, product: str, begin: datetime, end: datetime
    ) -> Iterator[tuple[Period, Decimal | None]]:
        if begin >= end:
            return
        inner = {each.valid_from for each in self._prices if begin < each.valid_from < end}
        marks = [begin, *sorted(inner), end]
        first, rate = begin, self.rate(product, begin)
        for mark in marks[1:-1]:
            following = self.rate(product, mark)
            if following != rate:
                yield Period(first, mark), rate
                first, rate = mark, following
        yield Period(first, end), rate

"""What charged time costs, by the price of its moment."""

from decimal import Decimal

from gpucommons_accounting.reckoning.periods.calendar import Calendar, in_hours
from gpucommons_accounting.reckoning.use.prices import Price, PriceList

from .sessions import BERLIN, at, session

_CALENDAR = Calendar(BERLIN)
_LATER = at("2027-06-01")
_H100 = [
    Price("H100", Decimal("1.20"), at("2026-01-01T00:00+01:00")),
    Price("H100", Decimal("1.50"), at("2026-12-01T00:00+01:00")),
]
_OVER_NIGHT = session("2026-11-30T20:00+01:00", "2026-12-01T04:00+01:00")


def _costs(prices, found, year=2026, month=11) -> list:
    lines = PriceList(prices).charges(found, _CALENDAR.month(year, month), _LATER)
    return [(hours, line.cost) for line in lines for hours in [in_hours(line.amount)]]


def test_a_price_that_changes_makes_two_lines_of_one_session():
    assert _costs(_H100, _OVER_NIGHT) == [(4, Decimal("4.80"))]
    assert _costs(_H100, _OVER_NIGHT, month=12) == [(4, Decimal("6.00"))]


def test_a_price_that_changes_within_a_month_does_so_too():
    prices = [*_H100, Price("H100", Decimal("2.00"), at("2026-11-30T22:00+01:00"))]
    assert _costs(prices, _OVER_NIGHT) == [(2, Decimal("2.40")), (2, Decimal("4.00"))]


def test_a_later_price_leaves_what_was_as_it_was():
    later = Price("H100", Decimal("9.00"), at("2027-01-01T00:00+01:00"))
    assert _costs([*_H100, later], _OVER_NIGHT) == _costs(_H100, _OVER_NIGHT)


def test_a_price_of_a_product_to_come_leaves_that_of_all_others_in_force_until_then():
    prices = [
        Price("", Decimal("0.40"), at("2026-01-01")),
        Price("H100", Decimal("1.20"), at("2027-01-01")),
    ]
    assert _costs(prices, _OVER_NIGHT) == [(4, Decimal("1.60"))]


def test_what_has_no_price_is_not_free():
    other = session("2026-11-30T08:00", "2026-11-30T11:12", product="A30")
    assert _costs(_H100, other) == [(Decimal("3.2"), None)]


def test_a_price_of_zero_is_one():
    free = [Price("", Decimal(0), at("2026-01-01"))]
    assert _costs(free, _OVER_NIGHT) == [(4, Decimal("0.00"))]


def test_a_product_s_own_price_comes_before_that_of_all_others():
    other = session("2026-11-30T08:00", "2026-11-30T09:00", product="A30")
    prices = [*_H100, Price("", Decimal("0.50"), at("2026-01-01"))]
    assert _costs(prices, other) == [(1, Decimal("0.50"))]
    assert _costs(prices, _OVER_NIGHT) == [(4, Decimal("4.80"))]


def test_a_session_without_a_gpu_has_no_line():
    assert _costs(_H100, session("2026-11-30T08:00", "2026-11-30T09:00", units="0")) == []


def test_a_cost_keeps_all_its_digits_and_is_rounded_half_to_even_for_people():
    prices = [Price("", Decimal("0.125"), at("2026-01-01"))]
    an_hour = session("2026-11-30T08:00", "2026-11-30T09:00")
    three = session("2026-11-30T08:00", "2026-11-30T11:00")
    assert _costs(prices, an_hour) == [(1, Decimal("0.125"))]
    assert _costs(prices, three) == [(3, Decimal("0.375"))]
    listed = PriceList(prices)
    assert [listed.rounded(Decimal(each)) for each in ("0.125", "0.375")] == [
        Decimal("0.12"),
        Decimal("0.38"),
    ]

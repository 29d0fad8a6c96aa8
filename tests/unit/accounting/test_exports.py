"""What is exported sums up to what pages say."""

import csv
import io
from decimal import Decimal

from gpucommons_accounting.reckoning.periods.calendar import Calendar
from gpucommons_accounting.reckoning.use.prices import Price, PriceList
from gpucommons_accounting.reckoning.use.report import By, report
from gpucommons_accounting.web.capacity.busy import Busy
from gpucommons_accounting.web.exports import charges_csv, csv_heading

from .sessions import at, later, session

_LATER = at("2027-06-01T00:00")


def test_the_sum_of_a_csv_is_that_of_the_page_to_the_cent():
    calendar = Calendar("UTC")
    month = calendar.month(2026, 11)
    prices = PriceList([Price("", Decimal("0.123457"), at("2026-01-01"))])
    begin = "2026-11-10T00:00"
    sessions = [
        session(begin, later(begin, seconds=100 + 7 * number), str(number), units="0.142857")
        for number in range(2000)
    ]
    page = report(sessions, month, _LATER, By.TEAM, calendar=calendar, prices=prices).total
    text = csv_heading() + charges_csv(Busy(sessions, {}, month, _LATER), prices, "EUR")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 2000
    billed = sum(Decimal(row["BilledCost"]) for row in rows)
    assert prices.rounded(billed) == prices.rounded(page.cost)

"""The API: reports, sessions, prices."""

import asyncio
from datetime import datetime
from functools import partial
from http import HTTPStatus

from gpucommons_web.access import wrong
from gpucommons_web.api import JSONHandler
from gpucommons_web.fields import Fields, text
from jupyterhub.services.auth import HubOAuth

from gpucommons_accounting.database.listing import AT_ONCE, Mark, Whose
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.reckoning.use.prices import Price, PriceList
from gpucommons_accounting.reckoning.use.report import By
from gpucommons_accounting.web import query_fields
from gpucommons_accounting.web.asking import Records
from gpucommons_accounting.web.budgets.as_json import refunds_json
from gpucommons_accounting.web.budgets.budgeting import Budgeting
from gpucommons_accounting.web.capacity.busy import busy, busy_json
from gpucommons_accounting.web.exports import (
    as_csv,
    charges_csv,
    csv_heading,
    occupancy_json,
    refunds_csv,
    report_json,
    session_json,
)
from gpucommons_accounting.web.query_fields import grouping, mark_of, written

_MOST = 5000
"""Sessions in one answer."""


class APIHandler(JSONHandler):
    """Has the records and the budgets."""

    def initialize(self, hub_auth: HubOAuth, records: Records, budgeting: Budgeting) -> None:
        """Take what the application gives."""
        self.hub_auth = hub_auth
        self.records = records
        self.budgeting = budgeting

    def period(self, query: Fields) -> Period:
        """Return the period that is asked about."""
        return query_fields.period(query, self.records.site, self.records.now())

    async def whose(self, query: Fields) -> Whose:
        """Return whose records are asked for. Raises RefusedError for what is not theirs to see."""
        person, team = text(query, "person"), text(query, "team")
        return await self.records.whose(self.person, person, team)


class UsageAPI(APIHandler):
    """GET api/usage?month=&since=&until=&by=&person=&team=&late=yes.

    ``late``: say, too, whether something was learnt after the period was closed.
    """

    async def get(self) -> None:
        """Sum up."""
        query = self.query()
        period, by = self.period(query), grouping(query, By.DAY)
        whose = await self.whose(query)
        await self.records.look(self.person, text(query, "person"), "sums")
        said = await self.records.report(period, by, whose)
        site = self.records.site
        refunds = await self.budgeting.refunds(period, whose)
        late = {}
        if text(query, "late") is not None:
            last = await self.records.changed_after_close(period, whose)
            late = {"changed_after_close": last and last.isoformat()}
        total = said.total
        efficient = await self.records.efficiencies(said, by, whose)
        self.answer(
            report_json(said, site, efficient)
            | late
            | refunds_json(refunds, total.usage.charged, site.rounded(total.cost), site.currency)
        )


class CapacityAPI(APIHandler):
    """GET api/capacity?month=&since=&until=."""

    async def get(self) -> None:
        """Say of each product what there was, and how much of it was held."""
        period = self.period(self.query())
        found = await self.records.fullness.occupancy(self.person, period)
        self.answer({"products": [occupancy_json(each) for each in found]})


class SessionsAPI(APIHandler):
    """GET api/sessions?month=&since=&until=&person=&team=&after=&limit=&format=json|csv."""

    async def get(self) -> None:
        """List some sessions, and where the next ones begin; or as CSV all charges and refunds."""
        query = self.query()
        csv = as_csv(text(query, "format"))
        period, whose = self.period(query), await self.whose(query)
        prices, now = await self.records.prices(), self.records.now()
        if text(query, "after") is None:
            await self.records.look(self.person, text(query, "person"), "sessions")
        if csv:
            await self._send_csv(period, whose, prices, now)
            return
        limit = _limit(query)
        after = mark_of(query, "after")
        found = await self.records.page(period, whose, limit=limit, after=after)
        known = await busy(self.records, found, period, now)
        listed = [
            session_json(each, period, now, prices) | busy_json(known.of_session(each))
            for each in found
        ]
        following = written(Mark.of(found[-1])) if len(found) == limit else None
        currency = self.records.site.currency
        self.answer({"sessions": listed, "next": following, "currency": currency})

    async def _send_csv(
        self, period: Period, whose: Whose, prices: PriceList, now: datetime
    ) -> None:
        """Send it as it is read, so that a million lines need no more memory than a few."""
        currency = self.records.site.currency
        refunds = await self.budgeting.refunds(period, whose)
        some = await self.records.page(period, whose, limit=AT_ONCE)
        self.set_header("Content-Type", "text/csv; charset=utf-8")
        self.set_header("Content-Disposition", 'attachment; filename="usage.csv"')
        self.write(csv_heading())
        await self.flush()
        try:
            while some:
                known = await busy(self.records, some, period, now)
                lines = partial(charges_csv, known, prices, currency)
                self.write(await asyncio.to_thread(lines))
                await self.flush()
                after = Mark.of(some[-1])
                some = await self.records.page(period, whose, limit=AT_ONCE, after=after)
        except BaseException:
            self.detach().close()  # ended properly, it would look complete
            raise
        self.write(refunds_csv(refunds))
        await self.finish()


class PricesAPI(APIHandler):
    """GET api/prices, POST with ``{"product", "rate", "valid_from"}``."""

    async def get(self) -> None:
        """List them, for whoever has an account."""
        rows = [self._row(price) for price in await self.records.price_rows()]
        self.answer({"prices": rows, "currency": self.records.site.currency})

    async def post(self) -> None:
        """Set one from a day on."""
        price = query_fields.price(self.body(), self.records.site, self.records.now())
        await self.records.set_price(self.person, price)
        self.set_status(HTTPStatus.CREATED)
        self.answer(self._row(price))

    def _row(self, price: Price) -> dict[str, str]:
        day = self.records.site.calendar.day_of(price.valid_from)
        return {
            "product": price.product,
            "rate": str(price.rate),
            "valid_from": day.isoformat(),
        }


def _limit(query: Fields) -> int:
    given = text(query, "limit") or str(AT_ONCE)
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= _MOST):
        raise wrong(f"limit must be a number from 1 to {_MOST}.")
    return int(given)

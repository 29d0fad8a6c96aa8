"""What was asked for and how long it took: addresses of the API, and the page."""

from collections.abc import Mapping
from decimal import Decimal

from gpucommons_contract import TELL_ACCOUNTING_SCOPE
from gpucommons_contract.told import WHY
from gpucommons_web.access import forbidden, wrong

from gpucommons_accounting.reckoning.capacity.demand import Demand
from gpucommons_accounting.reckoning.capacity.waits import Quantile, Waited
from gpucommons_accounting.reckoning.periods.calendar import in_hours
from gpucommons_accounting.web.api import APIHandler
from gpucommons_accounting.web.pages import PageHandler

_MOST_FACTS = 500
_PLACES = Decimal("0.000001")


class FactsAPI(APIHandler):
    """POST api/facts with ``{"facts": [...]}``: the hub tells what it alone knows."""

    async def post(self) -> None:
        """Take it."""
        if TELL_ACCOUNTING_SCOPE not in self.current_user.get("scopes", ()):
            raise forbidden("Only the hub may tell what became of starts, and why sessions ended.")
        (facts,) = self.body().get("facts", [None])
        if not isinstance(facts, list) or len(facts) > _MOST_FACTS:
            raise wrong(f"facts must be a list of up to {_MOST_FACTS}.")
        refused = await self.records.tell(facts)
        self.answer({"taken": len(facts) - len(refused), "refused": refused})


class DemandAPI(APIHandler):
    """GET api/demand?month=&since=&until=."""

    async def get(self) -> None:
        """Say of each size what was asked for, and what became of it."""
        period = self.period(self.query())
        found = await self.records.fullness.demand(self.person, period)
        self.answer({"sizes": [demand_json(size, each) for size, each in sorted(found.items())]})


class WaitsAPI(APIHandler):
    """GET api/waits?month=&since=&until=."""

    async def get(self) -> None:
        """Say of each size how long starts waited for their node."""
        period = self.period(self.query())
        found = await self.records.fullness.waits(self.person, period)
        self.answer({"sizes": [waits_json(size, each) for size, each in sorted(found.items())]})


class WaitsPage(PageHandler):
    """How long people waited in a month, and what they did not get."""

    async def get(self) -> None:
        """Draw it."""
        self.demand_administrator()
        period = self.whole_month()
        waits = await self.records.fullness.waits(self.person, period)
        demand = await self.records.fullness.demand(self.person, period)
        why = sorted({word for each in demand.values() for word in each.refused})
        self.draw(
            "waits.html",
            waits=sorted(waits.items()),
            demand=sorted(demand.items()),
            why=[(word, WHY.get(word, "")) for word in why],
            **self.months(period),
        )


def demand_json(size: str, demand: Demand) -> dict[str, object]:
    """Return what was asked for of a size. ``unmet`` counts tries within an hour once."""
    unmet, later = demand.unmet_time, [each for each in demand.unmet if each.had_after is not None]
    return {
        "size": size,
        "asked": demand.asked,
        "ready": demand.ready,
        "refused": dict(sorted(demand.refused.items())),
        "given_up": demand.given_up,
        "failed": {str(fault): count for fault, count in sorted(demand.failed.items())},
        "unmet": len(demand.unmet),
        "unmet_had_later": len(later),
        "unmet_gpu_hours": None if unmet is None else str(in_hours(unmet).quantize(_PLACES)),
    }


def waits_json(size: str, waits: Waited) -> dict[str, object]:
    """Return how long starts of a size waited: half of them, and 95 of 100, no longer than this."""
    expansion = waits.expansion
    return {
        "size": size,
        "starts": waits.starts,
        "bound": waits.bound,
        "given_up": waits.given_up,
        "waiting": waits.waiting,
        "p50": quantile_json(waits.half),
        "p95": quantile_json(waits.nearly_all),
        "expansion_factor": None if expansion is None else str(expansion.quantize(Decimal("0.01"))),
    }


def quantile_json(quantile: Quantile | None) -> Mapping[str, object] | None:
    """Return a length that so many did not pass, in seconds; None where there is none."""
    if quantile is None:
        return None
    return {"seconds": quantile.length.total_seconds(), "at_least": quantile.at_least}

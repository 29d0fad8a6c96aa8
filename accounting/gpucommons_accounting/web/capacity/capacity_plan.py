"""What more GPUs would have changed: the administrators' page, and its API."""

from gpucommons_contract.told import WHY
from gpucommons_web.access import wrong
from gpucommons_web.fields import Fields, text, whole_number

from gpucommons_accounting.reckoning.capacity.capacity_plan import WAITED, CapacityPlan, Figures
from gpucommons_accounting.web.api import APIHandler
from gpucommons_accounting.web.capacity.busy import rounded_json
from gpucommons_accounting.web.capacity.demand import quantile_json
from gpucommons_accounting.web.pages import PageHandler

_MOST_GPUS = 1000
ASSUMPTIONS = (
    "Each start asks when Start was pressed, and has its GPUs for as long as its session had them, "
    "however early it gets them.",
    "A start that never had a GPU gives up when it did. If there is one sooner, it has it for the "
    "median of the sessions of its size that ended.",
    "Whoever gave up and pressed Start again for the same size within an hour asked once, at the "
    "first press.",
    "First come, first served; who needs fewer GPUs may pass who waits for more. All GPUs of a "
    "product are one pool, on whichever node they are.",
    "There were the GPUs of nodes that were up, and on others what sessions held there. The "
    "additional ones are there all the time.",
    "Nothing else holds up a start: no quota, budget, priority, volume or image. With more GPUs "
    "people ask for as much as they did.",
)
"""What a replay takes for granted, for whoever reads its result."""


class ReplayAPI(APIHandler):
    """GET api/replay?month=&since=&until=&product=&more=."""

    async def get(self) -> None:
        """Say what more GPUs of a product would have changed for the starts of a period."""
        query = self.query()
        period, more = self.period(query), _more(query)
        product = text(query, "product")
        if product is None:
            known = await self.records.fullness.products(self.person)
            raise wrong(f"product must be one of: {', '.join(known) or 'none is known yet'}.")
        found = await self.records.fullness.capacity_plan(self.person, period, product, more)
        self.answer(capacity_plan_json(found))


class CapacityPlanPage(PageHandler):
    """What more GPUs would have changed in a month."""

    async def get(self) -> None:
        """Draw it, for the first product where none is asked for."""
        self.demand_administrator()
        query = self.query()
        period, more = self.whole_month(), _more(query)
        products = await self.records.fullness.products(self.person)
        product = text(query, "product") or next(iter(products), None)
        found = None
        if product is not None:
            found = await self.records.fullness.capacity_plan(self.person, period, product, more)
        self.draw(
            "capacity_plan.html",
            found=found,
            products=products,
            product=product,
            more=more,
            most=_MOST_GPUS,
            waited=WAITED,
            assumptions=ASSUMPTIONS,
            why=WHY,
            **self.months(period),
        )


def capacity_plan_json(found: CapacityPlan) -> dict[str, object]:
    """Return waits as recorded, replayed, and replayed with more GPUs; unknown is None."""
    basis = found.basis
    return {
        "product": found.product,
        "more": found.more,
        "gpus": rounded_json(found.gpus),
        "coverage": rounded_json(found.known),
        "waited_longer_than_seconds": WAITED.total_seconds(),
        "recorded": _figures_json(found.recorded),
        "replayed": _figures_json(found.replayed),
        "with_more": _figures_json(found.with_more),
        "explained": found.explained,
        "spared": found.spared,
        "agreeing": found.agreeing,
        "assumed_lengths": [
            {"size": size, "starts": count, "seconds": basis.lengths[size].total_seconds()}
            for size, count in sorted(basis.never_had.items())
        ],
        "assumed_products": basis.product_assumed,
        "joined": basis.joined,
        "left_out": basis.left_out,
        "refused": dict(sorted(basis.refused.items())),
        "assumptions": ASSUMPTIONS,
    }


def _figures_json(figures: Figures) -> dict[str, object]:
    return {
        "starts": figures.starts,
        "waited": figures.waited,
        "in_vain": figures.in_vain,
        "p50": quantile_json(figures.half),
        "p95": quantile_json(figures.nearly_all),
    }


def _more(query: Fields) -> int:
    return whole_number(query, "more", _MOST_GPUS) or 1

"""How full the site was, and what people did not get: for administrators alone."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from gpucommons_web.access import Caller, forbidden, wrong

from gpucommons_accounting.database.asked import Asked
from gpucommons_accounting.database.listing import Whose
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.capacity.capacity import (
    Capacity,
    NodeFact,
    NodeState,
    capacity,
    spans,
)
from gpucommons_accounting.reckoning.capacity.capacity_plan import CapacityPlan
from gpucommons_accounting.reckoning.capacity.demand import Demand
from gpucommons_accounting.reckoning.capacity.free_hours import FreeHours
from gpucommons_accounting.reckoning.capacity.waits import Waited
from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period
from gpucommons_accounting.reckoning.use.over_time import OverTime, capacities
from gpucommons_accounting.reckoning.use.report import By
from gpucommons_accounting.reckoning.use.usage import usage_by
from gpucommons_accounting.records.session import Session
from gpucommons_accounting.web.reading import read_records


@dataclass(frozen=True, slots=True)
class Occupancy:
    """What there was of one product, and how much of it sessions held."""

    product: str
    capacity: Capacity
    allocated: Decimal
    """GPU-microseconds."""
    beside: Decimal
    """What of it was held on nodes that were cordoned or down."""

    @property
    def rate(self) -> Decimal | None:
        """Which part of the usable time was held; None where there was none."""
        return self.capacity.allocation_rate(self.allocated, self.beside)


class Fullness:
    """Reads of all sessions how full the site was, how long people waited, and what would help."""

    def __init__(self, store: Store, calendar: Calendar, now: Callable[[], datetime]) -> None:
        self._store, self._calendar, self._now = store, calendar, now
        self._one_at_a_time = asyncio.Lock()
        """Who sums up all sessions of a period leaves the other threads to those who do not."""

    async def occupancy(self, caller: Caller, period: Period) -> list[Occupancy]:
        """Return what there was of each product in a period, and how much of it was held."""
        if not caller.administers:
            raise forbidden("Only an administrator may see how full the site was.")
        return await read_records(self._occupancy, period)

    async def free_hours(self, caller: Caller, period: Period, product: str | None) -> FreeHours:
        """Return how many GPUs were free in each hour of the week, of one product or of all."""
        if not caller.administers:
            raise forbidden("Only an administrator may see how full the site was.")
        facts, now = await self._node_facts(period, product), self._now()
        asked, calendar = Asked(self._store.database), self._calendar
        async with self._one_at_a_time:
            return await read_records(asked.free_hours, facts, period, now, calendar, product)

    async def products(self, caller: Caller) -> list[str]:
        """Return the GPUs' models that there are or were, by name."""
        if not caller.administers:
            raise forbidden("Only an administrator may see how full the site was.")
        return _products(await read_records(self._store.node_facts, self._now()))

    async def capacity_plan(
        self, caller: Caller, period: Period, product: str, more: int
    ) -> CapacityPlan:
        """Return what so many more GPUs of a product would have changed for starts of a period."""
        if not caller.administers:
            raise forbidden("Only an administrator may see how long people waited.")
        facts, now = await self._node_facts(period, product), self._now()
        asked = Asked(self._store.database)
        async with self._one_at_a_time:
            return await read_records(asked.capacity_plan, facts, period, now, product, more)

    async def demand(self, caller: Caller, period: Period) -> dict[str, Demand]:
        """Return what was asked for in a period, had or not, by size."""
        if not caller.administers:
            raise forbidden("Only an administrator may see what was refused.")
        async with self._one_at_a_time:
            return await read_records(Asked(self._store.database).demand, period)

    async def waits(self, caller: Caller, period: Period) -> dict[str, Waited]:
        """Return how long starts of a period waited, by size."""
        if not caller.administers:
            raise forbidden("Only an administrator may see how long people waited.")
        async with self._one_at_a_time:
            return await read_records(Asked(self._store.database).waits, period, self._now())

    async def capacities(self, found: OverTime) -> list[Capacity]:
        """Return what there was in each part of a period, and add to each what was held beside."""
        return await read_records(self._capacities, found)

    def _occupancy(self, period: Period) -> list[Occupancy]:
        now = self._now()
        facts = self._store.node_facts(period.end)
        lines = self._store.report(period, now, By.PRODUCT).lines
        held = {line.name: line.usage.allocated for line in lines}
        beside: dict[str, Decimal] = defaultdict(Decimal)
        for unused, there in self._out_of_use(facts, period, now):
            usage = usage_by(there, unused, now, lambda session: session.product)
            for product, each in usage.items():
                beside[product] += each.allocated
        return [
            Occupancy(name, each, held.get(name, Decimal(0)), beside[name])
            for name, each in sorted(capacity(facts, period, now).items())
        ]

    def _capacities(self, found: OverTime) -> list[Capacity]:
        now = self._now()
        period = Period(found.steps[0].period.begin, found.steps[-1].period.end)
        facts = self._store.node_facts(period.end)
        for unused, there in self._out_of_use(facts, period, now):
            for session in there:
                found.add_beside(session, unused, now)
        return capacities(facts, found.steps, now)

    def _out_of_use(
        self, facts: Iterable[NodeFact], period: Period, now: datetime
    ) -> Iterator[tuple[Period, list[Session]]]:
        """Yield when each node was cordoned or down, and the sessions that were there then."""
        for fact, end in spans(facts, now):
            begin, until = max(fact.at, period.begin), min(end, period.end)
            if fact.state in (NodeState.CORDONED, NodeState.DOWN) and begin < until:
                unused = Period(begin, until)
                yield unused, self._store.sessions(unused, Whose(node=fact.node))

    async def _node_facts(self, period: Period, product: str | None) -> list[NodeFact]:
        """Return all that is known of nodes. Raises RefusedError for a product that is not.

        Also what came later: a model stays chosen while somebody goes back, month by month.
        """
        facts = await read_records(self._store.node_facts, max(period.end, self._now()))
        known = _products(facts)
        if product is not None and product not in known:
            raise wrong(f"product {product!r} is unknown. Known are: {', '.join(known) or 'none'}.")
        return facts


def _products(facts: Iterable[NodeFact]) -> list[str]:
    return sorted({each.product for each in facts} - {""})

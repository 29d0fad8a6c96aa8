"""What the pages and the API ask of the records, and who may ask it."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import TypeVar

from gpucommons_upkeep.errors import StoreUnavailableError
from gpucommons_web.access import Caller, RefusedError, forbidden, wrong
from gpucommons_web.titles import PlainTitles, Titles

from gpucommons_accounting.database.activities import Activities
from gpucommons_accounting.database.asked import Asked
from gpucommons_accounting.database.listing import Mark, Whose
from gpucommons_accounting.database.looks import Look
from gpucommons_accounting.database.over_time import over_time
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.calendar import Calendar, Period
from gpucommons_accounting.reckoning.capacity import (
    Capacity,
    NodeFact,
    NodeState,
    capacity,
    spans,
)
from gpucommons_accounting.reckoning.capacity_plan import CapacityPlan
from gpucommons_accounting.reckoning.demand import Demand
from gpucommons_accounting.reckoning.efficiencies import (
    Efficiencies,
    Measured,
    efficiencies_of,
)
from gpucommons_accounting.reckoning.free_hours import FreeHours
from gpucommons_accounting.reckoning.named_period import NamedPeriod
from gpucommons_accounting.reckoning.over_time import OverTime, capacities
from gpucommons_accounting.reckoning.prices import Price, PriceList, rounded
from gpucommons_accounting.reckoning.report import By, Report
from gpucommons_accounting.reckoning.usage import usage_by
from gpucommons_accounting.reckoning.waits import Waited
from gpucommons_accounting.records.identity import Identities, PersonId
from gpucommons_accounting.records.session import Session
from gpucommons_accounting.records.told import learnt
from gpucommons_accounting.web.accounts import Accounts
from gpucommons_accounting.web.titled import titled

_ONE_BY_ONE = 2000
"""Of more sessions than these, what was measured of all is read at once."""
Found = TypeVar("Found")
_LOOKS = 20
"""Of as many looks one is told."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Site:
    """What holds for the whole site."""

    calendar: Calendar
    currency: str
    """ISO 4217, such as ``EUR``."""
    minor_unit: int
    """Places after the point of its amounts."""
    titles: Titles = field(default_factory=PlainTitles)

    def rounded(self, cost: Decimal) -> Decimal:
        """Return a cost for people to read."""
        return rounded(cost, self.minor_unit)


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


class Records:
    """Reads records for a caller, who sees their own unless they administer."""

    def __init__(
        self, store: Store, site: Site, now: Callable[[], datetime], accounts: Accounts
    ) -> None:
        self._store, self.site, self.now = store, site, now
        self._accounts = accounts

    async def identity(self, caller: Caller) -> PersonId:
        """Return who a visitor is, whoever had their name before."""
        person = PersonId(caller.name or "", await self._accounts.since(caller))
        known = await read_records(self._store.people_and_teams.identities, person.name)
        if not known.has(person):
            await read_records(self._store.people_and_teams.meet, [person])
        return person

    async def identities(self, name: str | None = None) -> Identities:
        """Return people and teams; name: of people those alone who have or had it."""
        return await read_records(self._store.people_and_teams.identities, name)

    async def whose(self, caller: Caller, person: str | None, team: str | None) -> Whose:
        """Return whose records a caller gets who asks for those of a person or a team, or of all.

        Raises RefusedError for what they may not see. What somebody used who had a visitor's name
        before is not the visitor's to see; an administrator sees all who have or had a name.
        """
        if not caller.administers:
            if team is not None or person not in (None, caller.name):
                raise forbidden("You may see your own usage. An administrator sees everybody's.")
            if caller.name is None:
                raise forbidden("This account has no sessions of its own.")
            person = caller.name
        own = person is not None and person == caller.name
        since = (await self.identity(caller)).since if own else None
        return Whose(person=person, team=await self._team_called(team), since=since)

    async def sessions(self, period: Period, whose: Whose) -> list[Session]:
        """Return all sessions that were there in a period: for where they are few."""
        return await read_records(self._store.sessions, period, whose)

    async def look(self, caller: Caller, person: str | None, what: str) -> None:
        """Put on record that an administrator looks at what one person used, for them to see.

        what: a word for what is shown, such as ``sessions``. It raises RefusedError where that
        cannot be written: then nothing is to be shown.
        """
        if person in (None, caller.name) or not caller.administers:
            return
        known, now = await self.identities(person), self.now()
        for each in known.people_called(person):
            await read_records(self._store.looks.add, Look(now, caller.title, each, what))
        log.info("audit: %s looked at what %s used (%s)", caller.title, person, what)

    async def looks(self, caller: Caller) -> list[Look]:
        """Return who looked last at what a visitor used, the newest first."""
        person = await self.identity(caller)
        return await read_records(self._store.looks.at, person, _LOOKS)

    async def _team_called(self, given: str | None) -> str | None:
        """Return the name of the team that somebody means, by how people call or called it."""
        if given is None:
            return None
        found = (await self.identities("")).teams_called(given)
        return found[0].name if found else given

    async def report(self, period: Period, by: By, whose: Whose) -> Report:
        """Sum up what was used in a period."""
        said = await read_records(self._store.report, period, self.now(), by, whose)
        return titled(said, by, self.site.titles)

    async def changed_after_close(self, period: Period, whose: Whose) -> datetime | None:
        """Return when something of a period was last learnt after its close. It takes a while."""
        return await read_records(self._store.late_finds.last, period, whose)

    async def page(
        self,
        period: Period,
        whose: Whose,
        *,
        limit: int,
        after: Mark | None = None,
        newest_first: bool = False,
    ) -> list[Session]:
        """Return the next sessions after one, by when they were asked for."""
        return await read_records(
            self._store.page, period, limit, whose, after=after, newest_first=newest_first
        )

    async def measured(self, period: Period, uids: Sequence[str]) -> Measured:
        """Return what was measured of sessions in a period."""
        some = uids if len(uids) <= _ONE_BY_ONE else None
        return await read_records(Activities(self._store.database).of, period, some)

    async def efficiencies(self, said: Report, by: By, whose: Whose) -> Efficiencies:
        """Return how busy GPUs were, by the lines of a report of the same period."""
        kept, calendar = Activities(self._store.database), self.site.calendar
        sums = await read_records(kept.sums, said.period, by, calendar=calendar, whose=whose)
        return efficiencies_of(said, sums)

    async def occupancy(self, caller: Caller, period: Period) -> list[Occupancy]:
        """Return what there was of each product in a period, and how much of it was held."""
        if not caller.administers:
            raise forbidden("Only an administrator may see how full the site was.")
        return await read_records(self._occupancy, period)

    def _occupancy(self, period: Period) -> list[Occupancy]:
        now = self.now()
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

    def _out_of_use(
        self, facts: Iterable[NodeFact], period: Period, now: datetime
    ) -> Iterator[tuple[Period, list[Session]]]:
        """Yield when each node was cordoned or down, and the sessions that were there then."""
        for fact, end in spans(facts, now):
            begin, until = max(fact.at, period.begin), min(end, period.end)
            if fact.state in (NodeState.CORDONED, NodeState.DOWN) and begin < until:
                unused = Period(begin, until)
                yield unused, self._store.sessions(unused, Whose(node=fact.node))

    async def free_hours(self, caller: Caller, period: Period, product: str | None) -> FreeHours:
        """Return how many GPUs were free in each hour of the week, of one product or of all."""
        if not caller.administers:
            raise forbidden("Only an administrator may see how full the site was.")
        facts, now = await self._node_facts(period, product), self.now()
        asked, calendar = Asked(self._store.database), self.site.calendar
        return await read_records(asked.free_hours, facts, period, now, calendar, product)

    async def products(self, caller: Caller) -> list[str]:
        """Return the GPUs' models that there are or were, by name."""
        if not caller.administers:
            raise forbidden("Only an administrator may see how full the site was.")
        return _products(await read_records(self._store.node_facts, self.now()))

    async def capacity_plan(
        self, caller: Caller, period: Period, product: str, more: int
    ) -> CapacityPlan:
        """Return what so many more GPUs of a product would have changed for starts of a period."""
        if not caller.administers:
            raise forbidden("Only an administrator may see how long people waited.")
        facts, now = await self._node_facts(period, product), self.now()
        asked = Asked(self._store.database)
        return await read_records(asked.capacity_plan, facts, period, now, product, more)

    async def _node_facts(self, period: Period, product: str | None) -> list[NodeFact]:
        """Return all that is known of nodes. Raises RefusedError for a product that is not.

        Also what came later: a model stays chosen while somebody goes back, month by month.
        """
        facts = await read_records(self._store.node_facts, max(period.end, self.now()))
        known = _products(facts)
        if product is not None and product not in known:
            raise wrong(f"product {product!r} is unknown. Known are: {', '.join(known) or 'none'}.")
        return facts

    async def tell(self, facts: Sequence[object]) -> list[str]:
        """Take what the hub tells; returns why some of it makes no sense. Told again, nothing
        changes.
        """
        found = learnt(facts)
        await read_records(self._store.starts.add, found.starts)
        await read_records(self._store.add, found.events, self.now())
        return found.refused

    async def demand(self, caller: Caller, period: Period) -> dict[str, Demand]:
        """Return what was asked for in a period, had or not, by size."""
        if not caller.administers:
            raise forbidden("Only an administrator may see what was refused.")
        return await read_records(Asked(self._store.database).demand, period)

    async def waits(self, caller: Caller, period: Period) -> dict[str, Waited]:
        """Return how long starts of a period waited, by size."""
        if not caller.administers:
            raise forbidden("Only an administrator may see how long people waited.")
        return await read_records(Asked(self._store.database).waits, period, self.now())

    async def over_time(self, named: NamedPeriod, team: str | None = None) -> OverTime:
        """Return what teams, or one, used in the parts of a period; whose it is others decide."""
        calendar = self.site.calendar
        return await read_records(
            over_time, self._store.database, named, self.now(), calendar, team
        )

    async def capacities(self, found: OverTime) -> list[Capacity]:
        """Return what there was in each part of a period, and add to each what was held beside."""
        return await read_records(self._capacities, found)

    def _capacities(self, found: OverTime) -> list[Capacity]:
        now = self.now()
        period = Period(found.steps[0].period.begin, found.steps[-1].period.end)
        facts = self._store.node_facts(period.end)
        for unused, there in self._out_of_use(facts, period, now):
            for session in there:
                found.add_beside(session, unused, now)
        return capacities(facts, found.steps, now)

    async def prices(self) -> PriceList:
        """Return the prices of the site."""
        return PriceList(await self.price_rows(), self.site.minor_unit)

    async def price_rows(self) -> list[Price]:
        """Return them one by one, by when they begin."""
        return await read_records(self._store.prices)

    async def set_price(self, caller: Caller, price: Price) -> None:
        """Set a price from a moment on."""
        if not caller.administers:
            raise forbidden("Only an administrator may set prices.")
        await read_records(self._store.set_price, price, caller.title, self.now())


def _products(facts: Iterable[NodeFact]) -> list[str]:
    return sorted({each.product for each in facts} - {""})


async def read_records(call: Callable[..., Found], *given: object, **more: object) -> Found:
    """Call what asks the database, in a thread."""
    try:
        return await asyncio.to_thread(call, *given, **more)
    except StoreUnavailableError as error:
        message = "The records cannot be reached at the moment. Try again in a minute."
        raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, message) from error

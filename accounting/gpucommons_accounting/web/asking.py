"""What the pages and the API ask of the records, and who may ask it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from gpucommons_upkeep.logs import put_on_record
from gpucommons_web.access import Caller, forbidden

from gpucommons_accounting.database.listing import Mark, Whose
from gpucommons_accounting.database.people.looks import Look
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.database.sums.reports import Wanted
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.reckoning.periods.named_period import NamedPeriod
from gpucommons_accounting.reckoning.use.efficiencies import (
    Efficiencies,
    Measured,
    efficiencies_of,
)
from gpucommons_accounting.reckoning.use.over_time import OverTime
from gpucommons_accounting.reckoning.use.prices import Price, PriceList
from gpucommons_accounting.reckoning.use.report import By, Report
from gpucommons_accounting.records.identity import Identities, PersonId
from gpucommons_accounting.records.session import Session
from gpucommons_accounting.records.told import learnt
from gpucommons_accounting.web.accounts import Accounts
from gpucommons_accounting.web.capacity.fullness import Fullness
from gpucommons_accounting.web.reading import read_records
from gpucommons_accounting.web.site import Site
from gpucommons_accounting.web.titled import titled

_ONE_BY_ONE = 2000
"""Of more sessions than these, what was measured of all is read at once."""
_LOOKS = 20
"""Of as many looks one is told."""


class Records:
    """Reads records for a caller, who sees their own unless they administer."""

    def __init__(
        self, store: Store, site: Site, now: Callable[[], datetime], accounts: Accounts
    ) -> None:
        self._store, self.site, self.now = store, site, now
        self.fullness = Fullness(store, site.calendar, now)
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
        details = {"user": person, "details": {"shown": what}}
        put_on_record("look at usage", caller.title, details, on=str(person))

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
        wanted = Wanted(period, by)
        return (await self.reports([wanted], whose))[wanted]

    async def reports(self, wanted: Iterable[Wanted], whose: Whose) -> dict[Wanted, Report]:
        """Sum up several periods, or one in several ways, while sessions are read once."""
        found = await read_records(self._store.reports, wanted, self.now(), whose)
        return {each: titled(said, each.by, self.site.titles) for each, said in found.items()}

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
        return await read_records(self._store.activities.of, period, some)

    async def efficiencies(self, said: Report, by: By, whose: Whose) -> Efficiencies:
        """Return how busy GPUs were, by the lines of a report of the same period."""
        sums = await read_records(self._store.activities.sums, said.period, by, whose=whose)
        return efficiencies_of(said, sums)

    async def tell(self, facts: Sequence[object]) -> list[str]:
        """Take what the hub tells; returns why some of it makes no sense. Told again, nothing
        changes.
        """
        found = learnt(facts)
        await read_records(self._store.starts.add, found.starts)
        await read_records(self._store.add, found.events, self.now())
        return found.refused

    async def over_time(self, named: NamedPeriod, team: str | None = None) -> OverTime:
        """Return what teams, or one, used in the parts of a period; whose it is others decide."""
        found = OverTime(named, self.site.calendar)
        wanted = [Wanted(step.period, By.TEAM) for step in found.steps]
        said = await self.reports(wanted, Whose(team=team))
        found.fill({each.period: report for each, report in said.items()})
        return found

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

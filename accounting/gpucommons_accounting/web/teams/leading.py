"""What the leads of a team may see of it: how much each member used, and not when."""

import asyncio
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from gpucommons_contract.words import phrase
from gpucommons_web.access import Caller, missing
from gpucommons_web.fields import Fields

from gpucommons_accounting.database.listing import Whose
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.capacity.waits import Waited, waits_by
from gpucommons_accounting.reckoning.periods.named_period import YEAR, NamedPeriod
from gpucommons_accounting.reckoning.use.report import By, Report, report
from gpucommons_accounting.records.identity import PersonId, Team
from gpucommons_accounting.web.asking import Records
from gpucommons_accounting.web.query_fields import whole_month
from gpucommons_accounting.web.reading import read_records
from gpucommons_accounting.web.titled import titled


@dataclass(frozen=True, slots=True)
class TeamMonth:
    """What a team used in a month."""

    team: Team
    people: Report
    sizes: Report
    months: list[tuple[date, Decimal]]
    """What the team is charged in each month of the year, in GPU-microseconds."""
    waits: dict[str, Waited]
    """How long starts waited, by size."""
    here: frozenset[PersonId]
    """Of its people those who have not left."""


class Leading:
    """Reads what a team used, for its leads and for administrators."""

    def __init__(self, store: Store, records: Records) -> None:
        self._store, self.records = store, records

    async def teams(self, caller: Caller) -> list[Team]:
        """Return the teams that somebody leads, by their titles."""
        if caller.name is None:
            return []
        person = await self.records.identity(caller)
        return (await self.records.identities(caller.name)).teams_led_by(person)

    async def team(self, caller: Caller, name: str) -> Team:
        """Return a team. Raises RefusedError unless somebody leads it, or administers.

        It does not say whether there is such a team: that is nobody else's to know.
        """
        found = [team for team in await self.teams(caller) if team.name == name]
        if caller.administers:
            known = (await self.records.identities(caller.name)).teams_called(name)
            found = [each for each in known if each.name == name]
        if not found:
            raise missing(
                phrase(
                    "You lead no team %(team)s. An administrator makes you its lead with: "
                    "gpucommons team lead TEAM USER",
                    team=name,
                )
            )
        return found[0]

    async def month(self, caller: Caller, name: str, fields: Fields) -> TeamMonth:
        """Sum up what a team used in a month, by people and by sizes."""
        team, now = await self.team(caller, name), self.records.now()
        period = whole_month(fields, self.records.site, now)
        known = await self.records.identities()
        found = await read_records(self._store.sessions, period, Whose(team=team.name))
        sessions = [session for session in found if known.team_of(session) == team.id]
        prices = await self.records.prices()

        def summed(by: By) -> Report:
            calendar = self.records.site.calendar
            said = report(
                sessions, period, now, by, calendar=calendar, prices=prices, identities=known
            )
            said.lines.sort(key=lambda line: (-line.usage.charged, line.about))
            return titled(said, by, self.records.site.titles)

        people = await asyncio.to_thread(summed, By.PERSON)
        sizes = await asyncio.to_thread(summed, By.SIZE)
        year = NamedPeriod.around(self.records.site.calendar.day_of(period.begin), YEAR)
        over = await self.records.over_time(year, team.name)
        waits = await asyncio.to_thread(
            waits_by, sessions, period, now, lambda session: session.choice.size
        )
        here = {each.id for each in known.newest_people() if each.left_at is None}
        return TeamMonth(
            team,
            people,
            sizes,
            over.charged_to(team.uid),
            {size: waits[size].summed() for size in sorted(waits)},
            frozenset(here & {PersonId(each.name, each.about.id) for each in people.lines}),
        )

"""Asks people how it goes, and tells administrators what they answered beside what was measured."""

from dataclasses import dataclass

from gpucommons_contract.words import phrase
from gpucommons_web.access import Caller, forbidden
from gpucommons_web.fields import Fields

from gpucommons_accounting.database.asked import Asked
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.periods.named_period import QUARTER, NamedPeriod
from gpucommons_accounting.reckoning.pilot.opinions import Opinions, opinions
from gpucommons_accounting.reckoning.pilot.pilot import Measured
from gpucommons_accounting.records.feedback import SESSIONS_BEFORE, Kept
from gpucommons_accounting.records.identity import PersonId
from gpucommons_accounting.web.asking import Records
from gpucommons_accounting.web.pilot.feedback_fields import answer
from gpucommons_accounting.web.reading import read_records


@dataclass(frozen=True, slots=True)
class Checked:
    """A quarter of the pilot's checklist."""

    quarter: NamedPeriod
    measured: Measured
    opinions: Opinions


class Pilot:
    """Keeps what people answer; each sees their own, administrators all without names."""

    def __init__(self, store: Store, records: Records, probe_team: str = "") -> None:
        """probe_team: the team of the start probe, which is no answer; empty without one."""
        self._store, self.records, self._probe_team = store, records, probe_team
        self._asked = Asked(store.database)

    def quarter(self) -> NamedPeriod:
        """Return the quarter which it is now, by the site's days."""
        return NamedPeriod.around(self.records.site.calendar.day_of(self.records.now()), QUARTER)

    async def kept(self, caller: Caller) -> list[Kept]:
        """Return what is kept of a visitor, the newest quarter first."""
        return await read_records(self._store.feedback.of, await self._person(caller))

    async def asks(self, caller: Caller, kept: list[Kept]) -> bool:
        """Whether a visitor is to be asked now. kept: what is kept of them."""
        if any(each.quarter == str(self.quarter()) for each in kept):
            return False
        person = await self._person(caller)
        return await read_records(self._store.feedback.has_had, person, SESSIONS_BEFORE)

    async def give(self, caller: Caller, form: Fields) -> None:
        """Keep a visitor's answer, in place of one of the same quarter."""
        person, given = await self._person(caller), answer(form)
        now = self.records.now()
        await read_records(self._store.feedback.give, person, str(self.quarter()), given, now)

    async def dismiss(self, caller: Caller) -> None:
        """Do not ask a visitor again in this quarter."""
        person, now = await self._person(caller), self.records.now()
        await read_records(self._store.feedback.dismiss, person, str(self.quarter()), now)

    async def checked(self, caller: Caller, quarter: NamedPeriod) -> Checked:
        """Return what was measured and answered in a quarter."""
        if not caller.administers:
            raise forbidden("Only an administrator may see what people answered.")
        period = quarter.within(self.records.site.calendar)
        now = self.records.now()
        measured = await read_records(self._asked.measured, period, now, self._probe_team)
        answers = await read_records(self._store.feedback.answers, str(quarter))
        return Checked(quarter, measured, opinions(answers))

    async def _person(self, caller: Caller) -> PersonId:
        if caller.name is None:
            raise forbidden(phrase("This account has no sessions of its own."))
        return await self.records.identity(caller)

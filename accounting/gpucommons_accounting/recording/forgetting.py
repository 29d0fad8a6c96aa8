"""Sees to it that names of people who left are replaced by pseudonyms, once they may be."""

import asyncio
import logging
import math
from collections.abc import Callable
from datetime import datetime, timedelta

from gpucommons_upkeep import Backoff, Heartbeat, keep_going
from gpucommons_upkeep.clock import Clock, utc_now

from gpucommons_accounting.database.people.pseudonyms import Gone
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.recording.identities import SinceOf
from gpucommons_accounting.records.identity import PersonId, moment_of

_PAUSE_SECONDS = 30.0
"""How often it is looked for people whom an administrator wants forgotten."""
_AGAIN = timedelta(minutes=10)
"""After that it is tried again where a session still runs: it looks through all facts."""
_A_DAY = timedelta(days=1)
log = logging.getLogger(__name__)


class Forgetting:
    """Looks once a day who left long enough ago, and replaces the names of those."""

    def __init__(
        self, store: Store, since_of: SinceOf, days: int | None, now: Clock = utc_now
    ) -> None:
        """days: how long names are kept; for ever with None or 0. since_of as for identities."""
        self._store, self._since_of, self._now = store, since_of, now
        self._kept = timedelta(days=days) if days else None
        self._looked: datetime | None = None
        self._tried: dict[PersonId, datetime] = {}
        """When those were tried of whom not all could be replaced."""
        self.heart = Heartbeat("replacing names by pseudonyms", math.inf)

    async def step(self) -> None:
        """Do what is due. Raises StoreError, and what since_of does; then the next step does it."""
        now = self._now()
        if self._kept and not (self._looked and self._looked <= now < self._looked + _A_DAY):
            for gone in await asyncio.to_thread(self._store.pseudonyms.gone, now - self._kept):
                await self._begin(gone)
            self._looked = now
        pending = await asyncio.to_thread(self._store.pseudonyms.pending)
        self._tried = {each: self._tried[each] for each in pending if each in self._tried}
        for person in pending:
            tried = self._tried.get(person)
            if tried and tried <= now < tried + _AGAIN:
                continue
            if await asyncio.to_thread(self._store.pseudonyms.replace, person):
                log.info("The name of somebody who left is replaced by a pseudonym")
            else:
                self._tried[person] = now

    async def _begin(self, gone: Gone) -> None:
        """Let somebody be forgotten, if the hub says that they have no account.

        What was noted of it may be wrong, as after the hub's database was restored.
        """
        person, people = gone.person, self._store.people_and_teams
        since = await self._since_of(person.name)
        if since:
            begun = moment_of(since)
            if not person.since and (begun is None or begun <= gone.last):
                return
            await asyncio.to_thread(people.meet, [PersonId(person.name, since)])
            if since == person.since:
                await asyncio.to_thread(people.are_back, [person])
                return
        await asyncio.to_thread(self._store.pseudonyms.begin, [person], gone.last)

    async def run(self, may: Callable[[], bool]) -> None:
        """Do so until canceled. may: whether it is our turn."""

        async def turn() -> None:
            if may():
                await self.step()

        backoff = Backoff(1.0, _PAUSE_SECONDS)
        await keep_going(turn, heart=self.heart, backoff=backoff, log=log, every=_PAUSE_SECONDS)

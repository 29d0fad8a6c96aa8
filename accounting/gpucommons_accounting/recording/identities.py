"""Keeps what is known of people and teams up to date."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from gpucommons_upkeep import Backoff, Heartbeat, a_change, keep_going
from gpucommons_upkeep.clock import Clock, utc_now

from gpucommons_accounting.database.people.identities import IdentityStore
from gpucommons_accounting.recording.teams import TeamNamespaces
from gpucommons_accounting.records.identity import PersonId

_PAUSE_SECONDS = 10.0
"""How often it is looked for people who are new."""
_TOGETHER_SECONDS = 0.2
_SILENT_SECONDS = 120.0
_TURNS = 360
"""In how many turns the hub is asked once for each account: that is about an hour."""
_LATE = timedelta(days=1)
"""How long after it was asked for a session may be learnt of."""
SinceOf = Callable[[str], Awaitable[str | None]]
log = logging.getLogger(__name__)


class IdentityKeeper:
    """Notes teams as their namespaces say them, and people as their sessions do."""

    def __init__(self, store: IdentityStore, since_of: SinceOf, now: Clock = utc_now) -> None:
        """since_of: asks the hub when an account was made; None if there is none of that name."""
        self._store, self._since_of, self._now = store, since_of, now
        self._to_ask: list[PersonId] = []
        self._changed = asyncio.Event()
        self.namespaces = TeamNamespaces(self._changed)
        self.heart = Heartbeat("knowing people and teams", _SILENT_SECONDS)
        self._met: datetime | None = None
        """Until when people are known; None before the first look."""

    async def step(self) -> None:
        """Write down what is new. Raises StoreError; then the next step writes it."""
        now = self._now()
        if self.namespaces.listed:
            await asyncio.to_thread(self._store.see_teams, self.namespaces.teams(), now)
        since = self._met and self._met - _LATE
        await asyncio.to_thread(self._store.meet_people_of_sessions, since)
        self._met = now

    async def look_for_who_left(self) -> None:
        """Ask the hub for some of those who are known; note who has no account any more.

        What it does not answer is no answer: they are asked for again. Raises what since_of does.
        """
        if not self._to_ask:
            self._to_ask = await asyncio.to_thread(self._store.people_who_are_here)
        for person in self._to_ask[-max(1, len(self._to_ask) // _TURNS) :]:
            since = await self._since_of(person.name)
            if since != person.since:
                await asyncio.to_thread(self._store.left, person, self._now())
            if since:
                await asyncio.to_thread(self._store.meet, [PersonId(person.name, since)])
            self._to_ask.remove(person)

    async def run(self, may: Callable[[], bool]) -> None:
        """Do so at each change, and now and then, until canceled. may: whether it is our turn."""

        async def turn() -> None:
            await a_change(self._changed, within=_PAUSE_SECONDS, together=_TOGETHER_SECONDS)
            if may():
                await self.step()
                await self.look_for_who_left()

        await keep_going(turn, heart=self.heart, backoff=Backoff(1.0, 10.0), log=log)

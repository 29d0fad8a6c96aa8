"""The page "My sessions": what each server of a person is now, and what it was started with."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol

from gpucommons_contract import IDLE_SERVICE, read_moment
from gpucommons_contract.formats.wording import moment, names_moment
from gpucommons_contract.words import phrase, sentences
from gpucommons_sessions.idle_culler import IdleCuller, SessionAnswers
from sqlalchemy.orm import Session

from gpucommons_spawner.availability.start_times import StartTimes
from gpucommons_spawner.availability.state import PersonState, SizeState
from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.picker.another_size import SizeOffer, offers
from gpucommons_spawner.picker.disk_words import DiskWords, disk_words
from gpucommons_spawner.picker.idleness import Idleness, idleness
from gpucommons_spawner.picker.programs import ProgramLink, program_links
from gpucommons_spawner.pod_state.queue import is_queued
from gpucommons_spawner.quota.budget_words import reached, unchecked
from gpucommons_spawner.quota.budgets import Budgets
from gpucommons_spawner.quota.ledger import Ledger
from gpucommons_spawner.selection.past_run import PastRun
from gpucommons_spawner.selection.person import Person, Teams
from gpucommons_spawner.selection.selection import PROFILE
from gpucommons_spawner.session_parts.workspace_use import WorkspaceUse

_WAIT_SECONDS = 1.0
"""How long the page waits for what Kueue says of a place in the queue."""


class SessionState(StrEnum):
    """What a server is now. One that is ``OFF`` neither runs nor is about to."""

    RUNNING = "running"
    STARTING = "starting"
    STOPPING = "stopping"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class SessionCard:
    """One server as the page shows it. Moments are in UTC, as ``wording.moment`` writes them."""

    server: str
    """Its name; empty for the default server."""
    label: str
    """What the person calls it; empty for the default server."""
    title: str
    """Environment, version and size, in words; empty if it was never started."""
    team: str
    files: DiskWords | None
    """How full the workspace is that it opens, or was when it was last seen; None: not known."""
    state: SessionState
    detail: str
    """About the state: since when, or what a start waits for."""
    ended: str
    """Why it ended, if its person did not stop it."""
    ended_page: str
    """Where more is said of that, below JupyterHub's base URL; empty if nowhere."""
    repeats: bool
    """Whether it has run with what it was last started with, so that one press repeats that."""
    instead: tuple[SizeOffer, ...]
    """Sizes with a GPU that are free now, for a start that waits for one of its own size."""
    sizes: tuple[SizeOffer, ...]
    """All other sizes, for a session that runs."""
    idle: Idleness | None
    """When it ends because nobody uses it; None unless it runs and the hub has an idle culler."""
    idle_page: str
    """Where it can be kept, below JupyterHub's base URL."""
    opens: tuple[ProgramLink, ...]
    """What a session that runs can be opened with; what it was started for comes first."""

    @property
    def moves(self) -> bool:
        """Whether the state is one that soon changes by itself."""
        return self.state in (SessionState.STARTING, SessionState.STOPPING)


class _HubState(Protocol):
    ledger: Ledger
    start_times: StartTimes
    idle_culler: IdleCuller
    teams: Teams
    budgets: Budgets
    size_changes: Mapping[tuple[str, str], str]


class _Spawner(Protocol):
    user: Any
    db: Session
    hub_state: _HubState
    catalogue: Catalogue
    usual_program: str
    workspace_use: WorkspaceUse
    person: Person

    def availability(self, server: str) -> PersonState: ...


class MySessions:
    """Describes all servers of the person to whom a spawner belongs."""

    def __init__(self, spawner: _Spawner) -> None:
        self._spawner = spawner

    async def cards(self) -> list[SessionCard]:
        """List the default server, if it was ever started, and all with a name; by name."""
        servers = list(self._spawner.user.all_spawners())
        known = await self._idle_culler_says(servers)
        cards = [await self._card(server, known) for server in servers]
        return [card for card in cards if card.server or card.title or card.state != "off"]

    def usual_start(self, options: Mapping[str, str]) -> str:
        """Say how long recent starts of a choice took; empty if there were none."""
        by_size = self._spawner.hub_state.start_times.sentences().get(
            options.get("environment", ""), {}
        )
        return by_size.get(options.get("size", ""), "")

    def budgets(self) -> list[str]:
        """Say which budgets are used up or nearly, as sessions are told, and if it is not known."""
        spawner, budgets = self._spawner, self._spawner.hub_state.budgets
        funds = budgets.of(spawner.person.name)
        if funds.outage:
            return [unchecked(funds.outage)]
        for team in spawner.person.teams:
            funds = budgets.with_team(funds, team)
        return [said for fund in funds.each if (said := reached(fund))]

    async def _idle_culler_says(self, servers: list[Any]) -> SessionAnswers | None:
        """Ask the idle culler about all that run at once; None if there is nothing to ask."""
        if not any(self._state(server) is SessionState.RUNNING for server in servers):
            return None
        spawner = self._spawner
        return await spawner.hub_state.idle_culler.sessions_of(spawner.db, spawner.user.name)

    async def _card(
        self,
        server: Any,  # noqa: ANN401 -- JupyterHub's, of two kinds
        known: SessionAnswers | None,
    ) -> SessionCard:
        """Describe a server. Of one that is off JupyterHub may give the stored row alone."""
        options: Mapping[str, str] = server.user_options or {}
        stored = getattr(server, "orm_spawner", server).state or {}
        run = PastRun.of_state(stored)
        state = self._state(server)
        off = state is SessionState.OFF
        ended = (getattr(server, "ended", "") or stored.get("ended", "")) if off else ""
        runs = state is SessionState.RUNNING
        return SessionCard(
            server=server.name,
            label=getattr(server, "display_name", "") or server.name,
            title=str(options.get(PROFILE, "")),
            team=self._team(str(options.get("team", ""))),
            files=self._files(str(options.get("team", ""))),
            state=state,
            detail=_stopped(stored, ended) if off else await self._detail(server, state),
            ended=ended,
            ended_page=getattr(server, "ended_page", "") or stored.get("ended_page", ""),
            repeats=run is not None and dict(run.options) == dict(options),
            instead=self._instead(server, options) if state is SessionState.STARTING else (),
            sizes=self._others(server, options) if runs else (),
            idle=idleness(known.get(server.name), datetime.now(UTC))
            if runs and known is not None
            else None,
            idle_page=f"services/{IDLE_SERVICE}/",
            opens=program_links(options, self._spawner.catalogue, self._spawner.usual_program)
            if runs
            else (),
        )

    async def _detail(self, server: Any, state: SessionState) -> str:  # noqa: ANN401 -- as above
        if state is SessionState.RUNNING:
            return self._running(server)
        if state is SessionState.STARTING:
            return await _first(server.waits()) or phrase("It is being started.")
        follows = self._follows(server)
        return phrase("Then %(session)s starts.", session=follows) if follows else ""

    def _running(self, server: Any) -> str:  # noqa: ANN401 -- as above
        since: datetime | None = server.orm_spawner.started
        user = self._spawner.user.name
        held = self._spawner.hub_state.ledger.of(user).get(user, server.name)
        parts = []
        if since:
            parts.append(
                phrase("Running since %(moment)s.", moment=moment(since.replace(tzinfo=UTC)))
            )
        if held and held.ends:
            parts.append(phrase("It ends at %(moment)s at the latest.", moment=moment(held.ends)))
        return sentences(*parts)

    def _instead(self, server: Any, options: Mapping[str, str]) -> tuple[SizeOffer, ...]:  # noqa: ANN401
        """Name what could be had now, in the same team, by somebody who waits in the queue."""
        pod = server.this_start.pod
        if pod is None or not is_queued(pod):
            return ()
        sizes = self._spawner.catalogue.sizes
        free = tuple(
            state
            for state in self._sizes(server, options)
            if state.available and state.free and sizes[state.name].gpu
        )
        return self._offers(free, options)

    def _others(self, server: Any, options: Mapping[str, str]) -> tuple[SizeOffer, ...]:  # noqa: ANN401
        """List the other sizes, as the person can have them now in the same team."""
        return self._offers(self._sizes(server, options), options)

    def _offers(
        self, states: tuple[SizeState, ...], options: Mapping[str, str]
    ) -> tuple[SizeOffer, ...]:
        return tuple(offers(self._spawner.catalogue, states, options.get("size", "")))

    def _sizes(self, server: Any, options: Mapping[str, str]) -> tuple[SizeState, ...]:  # noqa: ANN401
        return self._spawner.availability(server.name).sizes_in(options.get("team", ""))

    def _follows(self, server: Any) -> str:  # noqa: ANN401 -- as above
        """Name what starts as soon as the server is gone, if it ends for another size."""
        return self._spawner.hub_state.size_changes.get((self._spawner.user.name, server.name), "")

    def _state(self, server: Any) -> SessionState:  # noqa: ANN401 -- as above
        if server.pending == "stop" or self._follows(server):
            return SessionState.STOPPING
        if server.pending == "spawn":
            return SessionState.STARTING
        return SessionState.RUNNING if server.active else SessionState.OFF

    def _files(self, team: str) -> DiskWords | None:
        seen = self._spawner.workspace_use.by_team().get(team)
        return disk_words(seen) if seen else None

    def _team(self, name: str) -> str:
        """Return a team's name for people, as far as the team is still there."""
        teams = self._spawner.hub_state.teams.all()
        return next((each.display_name for each in teams if each.name == name), name)


def _stopped(stored: Mapping[str, Any], ended: str) -> str:
    """Say when a session stopped, unless the reason does; empty if none has."""
    at = stored.get("ended_at")
    if at is None or names_moment(ended):
        return ""
    said = phrase("Stopped at %(moment)s.", moment=moment(read_moment(at)))
    return said if ended else sentences(said, phrase("Saved files are kept."))


async def _first(messages: AsyncGenerator[str]) -> str:
    """Return the first of what a start waits for; empty if it waits for nothing, or soon not."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_WAIT_SECONDS), contextlib.aclosing(messages):
            async for message in messages:
                return message
    return ""

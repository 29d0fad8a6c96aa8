"""Which sessions run: those the hub lists, and what it says of those it leaves out."""

import logging
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Protocol

from gpucommons_culler.clients.hub import SessionList
from gpucommons_culler.core.deadline import within
from gpucommons_culler.core.errors import HubError, HubUnavailableError
from gpucommons_culler.core.session import Session, SessionKey

log = logging.getLogger(__name__)

_LONGEST_S = 30.0
"""How long the hub may take to say whether all those it leaves out run."""


class Lists(Protocol):
    """What can list sessions; everything raises HubError."""

    async def sessions(self) -> SessionList:
        """List those that run."""

    async def runs(self, key: SessionKey) -> bool:
        """Return whether one runs, asked by its name."""


@dataclass(frozen=True, slots=True)
class RunningSessions:
    """Which sessions run, and which of those that were known have ended."""

    sessions: dict[SessionKey, Session]
    waiting: Mapping[str, int]
    """Starts that wait for room, by size."""
    doubtful: frozenset[SessionKey]
    """Left out of the list, and it is not known whether they run."""
    gone: frozenset[SessionKey]


async def list_sessions(hub: Lists, known: Set[SessionKey]) -> RunningSessions:
    """List the sessions, and ask of each known one that is left out whether it has ended.

    A list may be empty or cut although it arrived intact: a session that is not in it is gone
    only if the hub says so by its name. Raises HubError, also where a left out session runs.
    """
    found = await hub.sessions()
    sessions = {session.key: session for session in found.sessions}
    left_out = list(known - sessions.keys())

    async def runs(key: SessionKey) -> bool | None:
        try:
            return await hub.runs(key)
        except HubError as error:
            log.info("Whether %s still runs is not known: %s", key.name, error)
            return None

    answers = dict(zip(left_out, await within(_LONGEST_S, map(runs, left_out)), strict=True))
    if running := [key.name for key, runs_on in answers.items() if runs_on]:
        raise HubUnavailableError(
            f"The hub's list of sessions leaves out {len(running)} that run, such as {running[0]}."
        )
    doubtful = frozenset(key for key, runs_on in answers.items() if runs_on is None)
    return RunningSessions(sessions, found.waiting, doubtful, frozenset(answers) - doubtful)

"""Which notices warned sessions show, and what people answered."""

import asyncio
import logging
from collections.abc import Collection, Mapping
from typing import Protocol

from gpucommons_contract import Notice

from gpucommons_culler.core.deadline import within
from gpucommons_culler.core.errors import HubError, NotServedError
from gpucommons_culler.core.session import Session, SessionKey
from gpucommons_culler.telemetry.collector import Collector

log = logging.getLogger(__name__)

_LONGEST_S = 30.0
"""How long all of them together may take."""
_AT_ONCE = 20
_NOTHING: Mapping[str, Notice] = {}


class Shows(Protocol):
    """What can list a session's notices; raises HubError."""

    async def notices(self, session: Session) -> tuple[Notice, ...]:
        """List them, with what was answered."""


class NoticeAnswers:
    """Reads the notices of warned sessions."""

    def __init__(self, hub: Shows, collector: Collector) -> None:
        self._hub = hub
        self._collector = collector
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def boards(self, sessions: Collection[Session]) -> dict[SessionKey, Mapping[str, Notice]]:
        """Return each session's notices by their ids; one that does not respond is left out."""
        found = await within(_LONGEST_S, map(self._board, sessions))
        known = zip(sessions, found, strict=True)
        return {session.key: board for session, board in known if board is not None}

    async def _board(self, session: Session) -> Mapping[str, Notice] | None:
        async with self._turns:
            try:
                return {each.id: each for each in await self._hub.notices(session)}
            except HubError as error:
                lacks = self._collector.without_extension(session.key)
                if isinstance(error, NotServedError) and lacks:
                    return _NOTHING  # it shows nothing, so nobody can have answered
                log.info("%s: its notices could not be read: %s", session.key.name, error)
                return None

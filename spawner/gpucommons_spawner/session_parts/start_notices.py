"""Shows the notices that are in force in sessions that start; those that run have them already."""

import asyncio
from functools import partial
from typing import Any, Protocol

from gpucommons_contract import Notice

from gpucommons_spawner.lifecycle.part import SessionPart
from gpucommons_spawner.session_parts.delivery import NotifiedSpawner, deliver
from gpucommons_spawner.session_parts.standing_notices import StandingNotices


class _Spawner(NotifiedSpawner, Protocol):
    watch_notices: bool
    user: Any


class StartNotices(SessionPart):
    """Notifies a session once people can get in, and no other: a restarted hub repeats nothing."""

    def __init__(self, spawner: _Spawner, notices: StandingNotices) -> None:
        self._spawner, self._notices = spawner, notices
        self._showing: asyncio.Task[None] | None = None

    @property
    def wanted(self) -> bool:
        """Whether there is anything to follow, and a way to show it."""
        return bool(self._spawner.watch_notices and self._spawner.show_notice)

    def ready(self) -> None:
        """Begin to show them."""
        if self.wanted:
            self._showing = asyncio.create_task(self._show())

    def cleared(self) -> None:
        """Show them no longer."""
        if self._showing:
            self._showing.cancel()

    async def _show(self) -> None:
        await self._notices.known.wait()
        found = self._notices.for_user(self._spawner.user.name)
        await asyncio.gather(
            *(deliver(self._spawner, partial(self._now, id_), f"the notice {id_}") for id_ in found)
        )

    def _now(self, notice_id: str) -> Notice | None:
        """Return a notice as it is now; None once it was withdrawn, or the session ends."""
        if not self._spawner.ready:
            return None
        return self._notices.for_user(self._spawner.user.name).get(notice_id)

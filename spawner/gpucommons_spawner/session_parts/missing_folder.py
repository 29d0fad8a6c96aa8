"""Tells who starts a session that it lacks the folder of their team, and what to do."""

import asyncio

from gpucommons_contract import Notice, NoticeLevel
from gpucommons_contract.words import phrase

from gpucommons_spawner.lifecycle.part import SessionPart
from gpucommons_spawner.session_parts.delivery import NotifiedSpawner, deliver

_NOTICE = "team-folder"


class MissingFolder(SessionPart):
    """Knows whether the session is without a folder that it should have."""

    def __init__(self, spawner: NotifiedSpawner) -> None:
        self._spawner = spawner
        self.is_missing = False
        self._telling: asyncio.Task[bool] | None = None

    def ready(self) -> None:
        """Tell the person."""
        if self.is_missing and self._spawner.show_notice:
            self._telling = asyncio.create_task(
                deliver(self._spawner, self._notice, "that it lacks the team folder")
            )

    def cleared(self) -> None:
        """Tell it no longer."""
        self.is_missing = False
        if self._telling:
            self._telling.cancel()

    def _notice(self) -> Notice | None:
        if not self._spawner.ready:
            return None
        text = phrase(
            "The folder of your team is not in this session: its storage was not ready when the "
            "session started. Start the session again later, or tell an administrator."
        )
        return Notice(id=_NOTICE, text=text, level=NoticeLevel.WARNING)

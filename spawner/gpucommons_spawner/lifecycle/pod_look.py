"""Has JupyterHub look at a session soon after its pod changed, instead of every half minute."""

import asyncio
from typing import Protocol

from gpucommons_spawner.lifecycle.watched_pod import WatchedPod
from gpucommons_spawner.pod_state.session_pods import SessionPods

_SETTLE_SECONDS = 1.0
"""For the events of the same end to arrive, and for changes in quick succession to be one."""


class _Spawner(Protocol):
    watched_pod: WatchedPod

    async def poll_and_notify(self) -> int | None: ...


class PodLook:
    """The looks at one session between those that JupyterHub takes at intervals."""

    def __init__(self, spawner: _Spawner) -> None:
        self._spawner = spawner
        self._key = ""
        """The pod that is followed, as ``namespace/name``; empty if none is."""
        self._due = False
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Look whenever the pod changes, until ``end``."""
        self.end()
        self._key = self._spawner.watched_pod.key
        SessionPods.when_changed[self._key] = self.soon

    def end(self) -> None:
        """Look no more. A look that is under way, and may be what calls this, goes on."""
        SessionPods.when_changed.pop(self._key, None)
        self._key = ""

    def soon(self) -> None:
        """Look in a moment, once for all who ask meanwhile."""
        self._due = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while self._due:
            await asyncio.sleep(_SETTLE_SECONDS)
            self._due = False
            if self._key:
                await self._spawner.poll_and_notify()

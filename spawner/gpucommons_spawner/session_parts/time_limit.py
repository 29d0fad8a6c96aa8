"""Some sizes limit how long a session lasts: the ledger knows its end, and its person is warned."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Protocol

from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.lifecycle.part import SessionPart
from gpucommons_spawner.pod_state.time_limit import end_of, notice_of, told_from
from gpucommons_spawner.quota.ledger import Ledger
from gpucommons_spawner.session_parts.delivery import NotifiedSpawner, deliver


class _Spawner(NotifiedSpawner, Protocol):
    user: Any
    name: str


class TimeLimit(SessionPart):
    """Knows when its session ends. Kubernetes ends it; this only says so."""

    def __init__(self, spawner: _Spawner, ledger: Ledger) -> None:
        self._spawner, self._ledger = spawner, ledger
        self._end: datetime | None = None
        self._warning: asyncio.Task[None] | None = None

    def started(self, pod: Manifest | None) -> None:
        """Take the end from the new pod, if it is known already."""
        self.seen_running(pod)

    def seen_running(self, pod: Manifest | None) -> None:
        """Enter the end in the ledger, and have the person notified in time, once it is known."""
        end = end_of(pod) if pod else None
        if pod is None or end is None or end == self._end:
            return
        self._end = end
        self._ledger.confirm(self._spawner.user.name, self._spawner.name, end)
        if self._spawner.show_notice:
            if self._warning:
                self._warning.cancel()
            self._warning = asyncio.create_task(self._warn(pod, end))

    def cleared(self) -> None:
        """Forget the end."""
        self._end = None
        if self._warning:
            self._warning.cancel()

    async def _warn(self, pod: Manifest, end: datetime) -> None:
        """Show the notice when it is time."""
        wait = (told_from(pod) or end) - _now()
        await asyncio.sleep(max(wait.total_seconds(), 0))
        await deliver(
            self._spawner, lambda: notice_of(end) if _now() < end else None, "when it ends"
        )


def _now() -> datetime:
    return datetime.now(UTC)

"""Sessions of some sizes last only so long: the ledger knows until when, and the person is told."""

import asyncio
from datetime import UTC, datetime

from gpucommons_spawner.notice_spawner import NoticeSpawner
from gpucommons_spawner.session_end import end_of, notice_of, told_from
from gpucommons_spawner.watch import Manifest


class TimedSpawner(NoticeSpawner):
    """Knows when its session ends. Kubernetes ends it; this only says so."""

    _end: datetime | None = None
    _telling: "asyncio.Task[None] | None" = None

    async def _start(self) -> str:
        url: str = await super()._start()
        self.ledger.confirm(self.user.name, self.name)
        self._take_end()
        return url

    async def poll(self) -> int | None:
        """Tell whether the session runs. A hub that was restarted learns here when it ends."""
        status: int | None = await super().poll()
        if status is None:
            self._take_end()
        return status

    def clear_state(self) -> None:
        """Forget the end: the session is gone."""
        super().clear_state()
        self._end = None
        if self._telling:
            self._telling.cancel()

    def _take_end(self) -> None:
        """Enter the end in the ledger, and see to it that the person is told, once it is known."""
        pod = self._pod()
        end = end_of(pod) if pod else None
        if pod is None or end is None or end == self._end:
            return
        self._end = end
        self.ledger.confirm(self.user.name, self.name, end)
        if self.show_notice:
            if self._telling:
                self._telling.cancel()
            self._telling = asyncio.create_task(self._tell_of_end(pod, end))

    async def _tell_of_end(self, pod: Manifest, end: datetime) -> None:
        """Show the notice when it is time."""
        wait = (told_from(pod) or end) - _now()
        await asyncio.sleep(max(wait.total_seconds(), 0))
        await self.tell(lambda: notice_of(end) if _now() < end else None, "its end")


def _now() -> datetime:
    return datetime.now(UTC)

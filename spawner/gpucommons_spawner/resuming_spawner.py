"""A start that was under way when the hub ended goes on when the hub is back.

At its start the hub looks at every session and stops those that do not answer within half a
minute. A pod that waits in the queue, or for its image, is no such session: the limits of a
start hold for it, from when the pod was made or has left the queue.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

from gpucommons_spawner.prompt_spawner import LOOK_SECONDS
from gpucommons_spawner.queue import stage_since
from gpucommons_spawner.queue_spawner import QueueSpawner
from gpucommons_spawner.refusal import Refusal
from gpucommons_spawner.session_pods import START
from gpucommons_spawner.starting import NotStartedError, until_running
from gpucommons_spawner.watch import Manifest

_NOT_RUNNING = 1
"""An exit code, as ``poll`` gives one."""


class ResumingSpawner(QueueSpawner):
    """Waits on, and shows JupyterHub a start that goes on."""

    _spawn_future: "asyncio.Future[None] | None"
    """JupyterHub's, or ours where a start goes on: done when people can get in."""

    async def poll(self) -> int | None:
        """Tell whether the session runs. One that was starting is waited for."""
        if self._check_pending:
            await self._start_watching_pods()
            pod = self._pod()
            if pod is not None and _is_starting(pod) and not await self._resumed(pod):
                return _NOT_RUNNING
        status: int | None = await super().poll()
        return status

    async def _resumed(self, pod: Manifest) -> bool:
        """Wait until the pod runs; False if it is given up, and the person is told why."""
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._spawn_future = self._start_future = task = asyncio.create_task(self._told(over))
        task.add_done_callback(self._settle)
        self._spawn_pending = True
        start = pod["metadata"]["annotations"][START]
        try:
            with self.pod_reflector.changes_of(start) as changes:
                changes.put(pod)
                await until_running(changes, self.patience, waited=_seconds_since(pod))
        except NotStartedError as error:
            if over.cancelled():
                await self._stopped()
            else:
                self._give_up(over, self.explained(str(error)))
            return False
        if not over.done():
            over.set_result(None)
        self._spawn_pending = False
        return True

    def _when_up(self, then: Callable[[], None]) -> None:
        """Do something once people can get in, if this start comes to that."""

        def done(start: "asyncio.Future[None]") -> None:
            if not start.cancelled() and start.exception() is None:
                then()

        if self._spawn_future is not None:
            self._spawn_future.add_done_callback(done)

    def _give_up(self, over: "asyncio.Future[None]", reason: str) -> None:
        self._ended = reason
        self.log.warning("the start of %s is given up: %s", self._log_name, reason)
        status = HTTPStatus.SERVICE_UNAVAILABLE
        over.set_exception(Refusal(reason, kind="unschedulable", status=status))

    def _settle(self, start: "asyncio.Future[None]") -> None:
        """End the start as JupyterHub ends one of its own: only a failure is kept, for pages.

        Who cancels it stops it a second later, which a pending check would not allow.
        """
        self._spawn_pending = False
        if start.cancelled():
            self._check_pending = False
        if start.cancelled() or start.exception() is None:
            self._spawn_future = None

    async def _stopped(self) -> None:
        """Wait until whoever cancelled the start has stopped it: once is enough."""
        while self.server is not None:  # noqa: ASYNC110 -- JupyterHub sets it and tells nobody
            await asyncio.sleep(LOOK_SECONDS)

    async def _told(self, over: "asyncio.Future[None]") -> None:
        """End when JupyterHub has found out whether the session answers, or as the start did."""
        await over
        while self._check_pending:  # noqa: ASYNC110 -- JupyterHub sets it and tells nobody
            await asyncio.sleep(LOOK_SECONDS)


def _is_starting(pod: Manifest) -> bool:
    ours = START in (pod["metadata"].get("annotations") or {})
    return ours and pod.get("status", {}).get("phase") == "Pending"


def _seconds_since(pod: Manifest) -> float:
    since = stage_since(pod)
    return max(0.0, (datetime.now(UTC) - since).total_seconds()) if since else 0.0

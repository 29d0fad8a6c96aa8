"""Sessions wait in Kueue's queue for a GPU, and the person who waits is told where they are.

While Kueue holds a pod back, none of the limits of a start run. A hub that is restarted
meanwhile waits on.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, ClassVar

from traitlets import Integer, Unicode, default

from gpucommons_spawner.prompt_spawner import PromptSpawner
from gpucommons_spawner.queue import is_queued, waiting
from gpucommons_spawner.queue_places import QueuePlaces
from gpucommons_spawner.session_pods import START, PodChanges
from gpucommons_spawner.starting import Patience
from gpucommons_spawner.watch import Manifest

_LOOK_SECONDS = 0.5
"""How often memory is looked at for who waits; the places themselves are asked for less often."""
_PROGRESS = 10


class QueueSpawner(PromptSpawner):
    """Knows Kueue's gates. What is queued, and in which queue, is the selection's business."""

    queue = Unicode(
        "",
        config=True,
        help="""
        Name of the LocalQueue of Kueue in each team's namespace in which sessions that ask for
        a GPU wait until one is free. The account commands make one called ``sessions``.
        Empty, the default: no Kueue; a start that finds no free GPU fails.
        """,
    )
    queue_timeout = Integer(
        12 * 60 * 60,
        config=True,
        help="""
        Seconds after which a session that waits in the queue is given up. ``start_timeout``
        begins when it leaves the queue. Half a day by default: who starts in the morning
        should not find a GPU taken in their name at night. Example: ``3600``.
        """,
    )
    start_timeout: int
    _places: ClassVar[QueuePlaces] = QueuePlaces()
    _own_start_timeout: int | None = None

    def start(self) -> Any:  # noqa: ANN401 -- a future, of an untyped package
        """Start. JupyterHub reads ``start_timeout`` afterwards: its clock must not end a wait.

        ``_start`` keeps the limit that was set, from the moment that the pod leaves the queue.
        """
        if self._own_start_timeout is None:
            self._own_start_timeout = self.start_timeout
        waits = self.queue_timeout if self.queue else 0
        self.start_timeout = self._own_start_timeout + waits
        return super().start()

    @property
    def patience(self) -> Patience:
        """How long a start may take, apart from the queue as long as was set."""
        if not self.queue:
            return super().patience
        starting = float(self._own_start_timeout or self.start_timeout)
        return Patience(self.unschedulable_timeout, float(self.queue_timeout), starting)

    @property
    def ended(self) -> str:
        """Why Kueue ended the last session of this server, if it did; else empty."""
        reflector = self.pod_reflector
        return reflector.evicted.get(self._pod_key, "") if reflector else ""

    @default("progress_ready_hook")  # type: ignore[untyped-decorator]
    def _ready_hook_default(self) -> Any:  # noqa: ANN401 -- a trait of several types
        return _truthful

    async def progress(self) -> AsyncIterator[Manifest]:
        """Tell the place in the queue first, then what happens."""
        if self.queue:
            told = ""
            async for message in self._places_told():
                if message != told:
                    told = message
                    yield {"progress": _PROGRESS, "message": message}
        async for event in super().progress():
            yield event

    async def _places_told(self) -> AsyncIterator[str]:
        """Give a sentence again and again until the pod is out of the queue."""
        while not self._settled():
            pod = self._pod()
            if pod is not None:
                if not is_queued(pod):
                    return
                found = await self._places.of(self.api, self.namespace, self.queue, self.log)
                yield waiting(pod, found.get(self.pod_name))
            await asyncio.sleep(_LOOK_SECONDS)

    def _settled(self) -> bool:
        return bool(self._spawn_future and self._spawn_future.done())

    def _pod(self) -> Manifest | None:
        """The pod of this start, if it was seen already."""
        reflector = self.pod_reflector
        pod: Manifest | None = reflector.pods.get(self._pod_key) if reflector else None
        if pod is None or not self._start_id:
            return pod
        ours = pod["metadata"].get("annotations", {}).get(START) == self._start_id
        return pod if ours else None

    # A hub that was restarted

    async def poll(self) -> int | None:
        """Tell whether the session runs.

        At its start the hub looks at every session, and stops those that do not answer. One
        in the queue is a start that goes on: this waits until it has left the queue.
        """
        if self._check_pending and self.queue:
            pods = await self._start_watching_pods()
            if (pod := self._pod()) and is_queued(pod):
                with pods.changes_of(pod["metadata"]["annotations"][START]) as changes:
                    await self._wait_on(changes)
        status: int | None = await super().poll()
        return status

    async def _wait_on(self, changes: PodChanges) -> None:
        """Let JupyterHub show a start that goes on, until the pod runs or is gone."""
        self._spawn_future = asyncio.create_task(self._checked())
        self._spawn_pending = True
        try:
            while (pod := self._pod()) and not _runs(pod):
                await changes.next()
        finally:
            self._spawn_pending = False

    async def _checked(self) -> None:
        """End when JupyterHub has found out whether the session answers."""
        while self._check_pending:  # noqa: ASYNC110 -- JupyterHub sets it and tells nobody
            await asyncio.sleep(_LOOK_SECONDS)


def _runs(pod: Manifest) -> bool:
    return bool(pod.get("status", {}).get("phase") != "Pending")


def _truthful(spawner: QueueSpawner, event: Mapping[str, object]) -> Mapping[str, object]:
    """Say that a start was cancelled: JupyterHub takes its session for ready for a second."""
    # KubeSpawner's own, and where a restarted hub waits on, the one made here.
    for future in (spawner._start_future, spawner._spawn_future):
        if future is not None and future.cancelled():
            return {"progress": 100, "failed": True, "message": "The start was cancelled."}
    return event

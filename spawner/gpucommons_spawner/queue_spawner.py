"""Sessions wait in Kueue's queue for a GPU, and the person who waits is told where they are.

While Kueue holds a pod back, none of the limits of a start run, but one for the queue.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from traitlets import Integer, Unicode, default

from gpucommons_spawner.ended_spawner import EndedSpawner
from gpucommons_spawner.prompt_spawner import LOOK_SECONDS
from gpucommons_spawner.queue import Place, is_queued, waiting
from gpucommons_spawner.queue_places import QueuePlaces
from gpucommons_spawner.session_pods import START
from gpucommons_spawner.starting import Patience
from gpucommons_spawner.watch import Manifest


class QueueSpawner(EndedSpawner):
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
    _places: ClassVar[QueuePlaces] = QueuePlaces()

    @property
    def longest_wait(self) -> int:
        """Seconds that a start may wait before it is under way."""
        return super().longest_wait + (self.queue_timeout if self.queue else 0)

    @property
    def patience(self) -> Patience:
        """How long a start may take, apart from the queue as long as was set."""
        usual = super().patience
        return replace(usual, queued=float(self.queue_timeout)) if self.queue else usual

    @default("progress_ready_hook")  # type: ignore[untyped-decorator]
    def _ready_hook_default(self) -> Any:  # noqa: ANN401 -- a trait of several types
        return _truthful

    async def waits_told(self) -> AsyncIterator[str]:
        """Tell the turn, then the place in the queue until the pod is out of it."""
        async for message in super().waits_told():
            yield message
        while self.queue and not self.settled:
            pod = self._pod()
            if pod is not None:
                if not is_queued(pod):
                    return
                found = await self._places.of(self.api, self.namespace, self.queue, self.log)
                yield waiting(pod, found.get(self.pod_name, Place()))
            await asyncio.sleep(LOOK_SECONDS)

    def _pod(self) -> Manifest | None:
        """The pod of this start, if it was seen already."""
        pod = self._seen_pod()
        if pod is None or not self._start_id:
            return pod
        ours = pod["metadata"].get("annotations", {}).get(START) == self._start_id
        return pod if ours else None


def _truthful(spawner: QueueSpawner, event: Mapping[str, object]) -> Mapping[str, object]:
    """Say that a start was cancelled: JupyterHub takes its session for ready for a second."""
    if spawner._start_future is not None and spawner._start_future.cancelled():
        return {"progress": 100, "failed": True, "message": "The start was cancelled."}
    return event

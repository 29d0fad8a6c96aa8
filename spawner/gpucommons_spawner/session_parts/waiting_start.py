"""A start that waits, in the queue or for a node: how long it may, and what its person is told."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from gpucommons_contract.words import sentences

from gpucommons_spawner.availability.cluster import Cluster
from gpucommons_spawner.availability.shortfall import too_few
from gpucommons_spawner.catalogue.size import Size
from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.lifecycle.start import LOOK_SECONDS, Start
from gpucommons_spawner.lifecycle.start_wait import TOO_LONG, StartTimeouts
from gpucommons_spawner.pod_state.event_words import a_node_comes, volume_trouble
from gpucommons_spawner.pod_state.queue import is_queued, waiting
from gpucommons_spawner.pod_state.queue_places import QueuePlaces
from gpucommons_spawner.pod_state.scheduler_words import NO_GPU_FREE


class _Spawner(Protocol):
    api: Any
    log: logging.Logger
    queue: str
    queue_timeout: int
    this_start: Start

    @property
    def events(self) -> list[Manifest]: ...
    @property
    def settled(self) -> bool: ...


class WaitingStart:
    """What the queue, and nodes that are added on demand, mean for the starts of one server."""

    def __init__(self, spawner: _Spawner, places: QueuePlaces, cluster: Cluster) -> None:
        self._spawner, self._places, self._cluster = spawner, places, cluster

    def longest(self, sizes: Iterable[Size]) -> int:
        """Return the seconds that a start of any of these sizes may wait: in the queue, or for a
        node.
        """
        longest = max(map(_seconds_for_a_node, sizes), default=0.0)
        return (self._spawner.queue_timeout if self._spawner.queue else 0) + int(longest)

    def timeouts(self, usual: StartTimeouts, size: Size | None) -> StartTimeouts:
        """Add the time to add a node to what is usual, and that in the queue.

        A cluster that says that it adds one is waited for in any case.
        """
        spawner, more = self._spawner, _seconds_for_a_node(size)
        return replace(
            usual,
            stuck=max(usual.stuck, more),
            queued=float(spawner.queue_timeout) if spawner.queue else usual.queued,
            starting=usual.starting + more,
            node_comes=lambda: any(map(a_node_comes, spawner.events)),
        )

    async def queued(self) -> AsyncIterator[str]:
        """Give the place in the queue, again and again, until the pod is out of it."""
        spawner = self._spawner
        while spawner.queue and not spawner.settled:
            pod = spawner.this_start.pod
            if pod is not None:
                if not is_queued(pod):
                    return
                yield waiting(pod, await self._places.place(spawner.api, pod, spawner.log))
            await asyncio.sleep(LOOK_SECONDS)

    def explained(self, reason: str, limits: Mapping[str, str] | None) -> str:
        """Say how many GPUs were asked for, and how many the best node has, if too few.

        limits: the GPUs that were asked for; None if that is not known. Of a start that took too
        long, say what hindered the volume with the files.
        """
        if TOO_LONG in reason and (trouble := volume_trouble(self._spawner.events)):
            return sentences(reason, trouble)
        if limits is None or not (self._cluster.known and NO_GPU_FREE.search(reason)):
            return reason
        return sentences(reason, too_few(limits, self._cluster.all_nodes()))


def _seconds_for_a_node(size: Size | None) -> float:
    span = size.nodes_on_demand if size else None
    return span.total_seconds() if span else 0.0

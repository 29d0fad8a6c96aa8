"""Starts of one person at once, where one node at a time can use their files.

None has a node yet when the next one is checked, so nothing says where the files will be open.
The later start waits until the earlier ones have their nodes; then it can be checked.
"""

import asyncio
from contextlib import suppress
from itertools import takewhile
from typing import Any, Protocol

from gpucommons_spawner.availability.cluster import Cluster
from gpucommons_spawner.pod_state.queue import is_queued
from gpucommons_spawner.quota.ledger import Ledger
from gpucommons_spawner.selection.person import Team

_PATIENCE_SECONDS = 30.0
"""A pod gets its node within a second. Where a node has to be added first, nobody waits for it."""
_LOOK_SECONDS = 0.1


class _Spawner(Protocol):
    user: Any
    name: str


class EarlierStarts:
    """The starts of a person that were asked for before the one of this server."""

    def __init__(self, spawner: _Spawner, ledger: Ledger, cluster: Cluster) -> None:
        self._spawner, self._ledger, self._cluster = spawner, ledger, cluster

    async def until_on_nodes(self, team: Team) -> None:
        """Wait until those in a team have their nodes, or have ended.

        Who waits in Kueue's queue is not waited for. Gives up silently after a while.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while self._cluster.known and self._have_no_node(team):  # noqa: ASYNC110 -- two say it
                    await asyncio.sleep(_LOOK_SECONDS)

    def _have_no_node(self, team: Team) -> bool:
        person, own = self._spawner.user.name, self._spawner.name
        earlier = takewhile(lambda each: each.server != own, self._ledger.held(person))
        found = self._cluster.files.of(team.namespace, person, own)
        on_nodes = found.servers if found else ()
        return any(
            each.team == team.name and not each.running and each.server not in on_nodes
            for each in earlier
            if not self._is_queued(each.server)
        )

    def _is_queued(self, server: str) -> bool:
        other = getattr(self._spawner.user, "spawners", {}).get(server)
        pod = other.this_start.pod if other else None
        return pod is not None and is_queued(pod)

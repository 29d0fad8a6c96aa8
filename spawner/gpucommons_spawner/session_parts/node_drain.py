"""A session on a node that is drained: it will be stopped, and what becomes of it is on record."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from gpucommons_contract.drains import DrainedEnd, read_drain

from gpucommons_spawner.availability.cluster import Cluster
from gpucommons_spawner.availability.drains import Drains
from gpucommons_spawner.availability.node import Node
from gpucommons_spawner.lifecycle.part import SessionPart
from gpucommons_spawner.lifecycle.server_record import ServerRecord
from gpucommons_spawner.session_parts.planned_stop import Plan, PlannedStop

_AGAIN_SECONDS = 1.0
"""After which it is asked again whether the nodes are known."""


class _Start(Protocol):
    @property
    def pod(self) -> Mapping[str, Any] | None: ...


class _Spawner(Protocol):
    user: Any
    name: str
    record: ServerRecord

    @property
    def this_start(self) -> _Start: ...


class NodeDrain(SessionPart):
    """Does what is written on the node of its session, whoever wrote it, and when.

    So a session that came to the node in the last moment is told, too, and a hub that ended in the
    middle of a drain, or while a node was given back, goes on with it. It stands before the
    `PlannedStop` that it sets, among the parts.
    """

    def __init__(
        self, spawner: _Spawner, stop: PlannedStop, cluster: Cluster, drains: Drains
    ) -> None:
        self._spawner, self._stop = spawner, stop
        self._cluster, self._drains = cluster, drains
        self._node = ""
        """The node that is drained, once the session was seen there; else empty."""

    def told(self) -> None:
        """Note that the session showed when it will be stopped."""
        if node := self._drained_node():
            self._drains.told(node, self._session, datetime.now(UTC))

    def saved(self, *, saved: bool) -> None:
        """Note whether open pages had time to save before the session was stopped."""
        if node := self._drained_node():
            self._drains.saved(node, self._session, saved=saved)

    def look(self, pod: Mapping[str, Any] | None) -> None:
        """Do what the session's node says now. Without fresh knowledge of it, do nothing."""
        name = (pod or {}).get("spec", {}).get("nodeName") or ""
        node = self._cluster.node(name) if name and self._cluster.known else None
        if node is None:
            return
        plan, wanted = self._stop.plan, _wanted(node)
        if wanted is None:
            self._node = ""
            if plan and plan.node == name:
                self._stop.take_back()
                self._spawner.record.keep_noted()
            return
        self._be_on(node)
        if plan is None or not plan.does_for(wanted):
            self._stop.set(wanted)
            self._spawner.record.keep_noted()
        elif self._drains.sessions(node)[self._session].told is None:
            self._stop.tell()  # the hub ended before the session showed it

    async def look_once_known(self) -> None:
        """Do what the node says now, and wait until that is known: it may have been given back
        while the hub was away, or since the last look.
        """
        while not self._cluster.known:  # noqa: ASYNC110 -- what is known grows old by itself
            await asyncio.sleep(_AGAIN_SECONDS)
        if plan := self._stop.plan:
            self.look(self._spawner.this_start.pod or {"spec": {"nodeName": plan.node}})

    # What the spawner tells

    def started(self, pod: Mapping[str, Any] | None) -> None:
        """Look whether it came to a node that is drained."""
        self.look(pod)

    def seen_running(self, pod: Mapping[str, Any] | None) -> None:
        """Look again."""
        self.look(pod)

    def cleared(self) -> None:
        """Note how it ended. The stop that was planned is still known."""
        if not self._node:
            return
        now, plan = datetime.now(UTC), self._stop.plan
        due = plan is not None and plan.node == self._node and plan.at <= now
        how = DrainedEnd.STOPPED if due else DrainedEnd.BEFORE
        self._drains.ended(self._node, self._session, now, how)
        self._node = ""

    @property
    def _session(self) -> str:
        return f"{self._spawner.user.name}/{self._spawner.name}"

    def _drained_node(self) -> str:
        """Return the node, also if it has been drained since the last look; empty for none."""
        if not self._node:
            self.look(self._spawner.this_start.pod)
        return self._node

    def _be_on(self, node: Node) -> None:
        known = self._drains.sessions(node).get(self._session)
        if known is None or known.ended:
            self._drains.came(node.name, self._session)
        self._node = node.name


def _wanted(node: Node) -> Plan | None:
    drain = read_drain(node.drain) if node.cordoned else None
    return Plan(drain.until, drain.by, drain.reason, node.name) if drain else None

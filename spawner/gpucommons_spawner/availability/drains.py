"""What becomes of the sessions on nodes that are drained: kept on these, so it outlives the hub."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import aiohttp
from gpucommons_contract import Annotation
from gpucommons_contract.drains import (
    DrainedEnd,
    DrainedSession,
    drained_sessions_text,
    read_drained_sessions,
)
from kubernetes_asyncio.client import ApiException

from gpucommons_spawner.availability.cluster import Cluster
from gpucommons_spawner.availability.node import Node

log = logging.getLogger(__name__)
_ANSWER_SECONDS = 10
_SOON_SECONDS = 1.0
"""For what becomes of several sessions at once to be written together."""
_AGAIN_SECONDS = 30.0
"""After which what could not be written is written again."""
_FAILED = (ApiException, aiohttp.ClientError, OSError, TimeoutError)


class Drains:
    """One for the hub. What it noted itself counts before what a node says, which comes later."""

    def __init__(self, cluster: Cluster, api: Callable[[], Any]) -> None:
        """api: returns the client's CoreV1Api."""
        self._cluster, self._api = cluster, api
        self._noted: dict[str, dict[str, DrainedSession]] = {}
        self._unwritten: set[str] = set()
        """Nodes of which something was noted that is not on them yet."""
        self._writers: dict[str, asyncio.Task[None]] = {}
        self._said: dict[str, str] = {}
        """Of nodes whose notes could not be taken off: why, which is logged once."""

    def sessions(self, node: Node) -> dict[str, DrainedSession]:
        """Return what became of the sessions of a node that is drained, by their names."""
        return {**read_drained_sessions(node.drain_sessions), **self._noted.get(node.name, {})}

    def told(self, node: str, session: str, at: datetime) -> None:
        """Note that a session showed that it will be stopped."""
        self._note(node, session, lambda known: replace(known, told=at))

    def saved(self, node: str, session: str, *, saved: bool) -> None:
        """Note whether open pages of a session had time to save before it was stopped."""
        self._note(node, session, lambda known: replace(known, saved=saved))

    def ended(self, node: str, session: str, at: datetime, how: DrainedEnd) -> None:
        """Note that a session is gone from a node."""
        self._note(node, session, lambda known: replace(known, ended=at, how=how))

    def came(self, node: str, session: str) -> None:
        """Note that a session is on a node, whatever is known of an earlier one of its name."""
        self._note(node, session, lambda _known: DrainedSession())

    def begin_anew(self, node: str) -> None:
        """Forget what was noted: another drain of the node begins, or this one is over."""
        self._noted.pop(node, None)
        self._unwritten.discard(node)

    async def forget_given_back(self) -> None:
        """Take the notes off nodes that are in service again, as after ``kubectl uncordon``: they
        would count anew, long after their time, once somebody cordons such a node.
        """
        nodes = list(self._cluster.all_nodes()) if self._cluster.known else []
        for node in nodes:
            if node.drain and not node.cordoned:
                await self._take_off(node)

    async def _take_off(self, node: Node) -> None:
        notes = {Annotation.DRAIN: node.drain, Annotation.DRAIN_SESSIONS: node.drain_sessions}
        body = []
        for key, text in notes.items():
            if text:
                path = f"/metadata/annotations/{key.replace('/', '~1')}"
                body.append({"op": "test", "path": path, "value": text})  # not of another drain
                body.append({"op": "remove", "path": path})
        try:
            await self._api().patch_node(node.name, body, _request_timeout=_ANSWER_SECONDS)
        except _FAILED as error:
            if self._said.get(node.name) != str(error):
                log.warning("notes of a drain stay on %s, which is in use: %s", node.name, error)
                self._said[node.name] = str(error)
        else:
            self._said.pop(node.name, None)
            self.begin_anew(node.name)

    def _note(
        self, node: str, session: str, change: Callable[[DrainedSession], DrainedSession]
    ) -> None:
        there = self._cluster.node(node)
        known = self.sessions(there) if there else self._noted.get(node, {})
        now = change(known.get(session, DrainedSession()))
        if now == known.get(session):
            return
        self._noted.setdefault(node, {})[session] = now
        self._unwritten.add(node)
        writer = self._writers.get(node)
        if writer is None or writer.done():
            self._writers[node] = asyncio.create_task(self._write(node))

    async def _write(self, name: str) -> None:
        """Write on a node what was noted of it, until that is done or the node is in service."""
        await asyncio.sleep(_SOON_SECONDS)
        while name in self._unwritten:
            node = self._cluster.node(name) if self._cluster.known else None
            if node and not node.drain:
                self.begin_anew(name)
                return
            if node is None or not await self._put(node):
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _put(self, node: Node) -> bool:
        text = drained_sessions_text(self.sessions(node))
        self._unwritten.discard(node.name)
        body = {"metadata": {"annotations": {str(Annotation.DRAIN_SESSIONS): text}}}
        try:
            await self._api().patch_node(node.name, body, _request_timeout=_ANSWER_SECONDS)
        except _FAILED as error:
            log.warning("what became of sessions of %s could not be noted: %s", node.name, error)
            self._unwritten.add(node.name)
            return False
        return True

"""What the cluster's nodes have and what its pods take: the ground of availability.

Two watches for the whole hub keep it fresh. Only numbers are kept of each
pod, so memory grows by a few hundred bytes a pod.
"""

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from gpucommons_contract import Label
from gpucommons_upkeep.watch import Watch

from gpucommons_spawner.availability.files_in_use import FilesInUse
from gpucommons_spawner.availability.node import Node, Session, read_node
from gpucommons_spawner.availability.pod_requests import Resources, add, requests_of
from gpucommons_spawner.kubernetes.manifest import Manifest, key_of
from gpucommons_spawner.pod_state.queue import is_queued

_FINISHED = ("Succeeded", "Failed")
_OF_THE_NODE = ("DaemonSet", "Node")
"""Owners of pods that go with their node: the latter of those that its kubelet makes itself."""


@dataclass(frozen=True, slots=True)
class _Load:
    node: str
    requests: Resources
    session: Session | None
    stays: bool
    """It goes with its node."""


class Cluster:
    """Nodes and pods as last heard of. ``version`` grows with every change."""

    def __init__(self) -> None:
        self.version = 0
        self._nodes: OrderedDict[str, Node] = OrderedDict()
        """In the order of their versions, so that those that changed last stand at the end."""
        self._fewer_at = 0
        """The version at which a node last went."""
        self._pods: dict[str, _Load] = {}
        self._queued: dict[str, str] = {}
        self._waiting: Counter[str] = Counter()
        self.files = FilesInUse()
        """Who has sessions beside which another one must be."""
        self.watches: tuple[Watch, ...] = ()
        """What follows nodes and pods, if something does."""
        self.nodes = _Nodes(self)
        self.pods = _Pods(self)

    @property
    def known(self) -> bool:
        """Whether both lists have been read and are fresh, so that numbers mean something.

        That there is no node at all is no knowledge: pods run somewhere.
        """
        loaded = self.nodes.loaded and self.pods.loaded and bool(self._nodes)
        return loaded and all(watch.fresh for watch in self.watches)

    def all_nodes(self) -> Iterable[Node]:
        """Every node, ready or not."""
        return self._nodes.values()

    def node(self, name: str) -> Node | None:
        """Return a node by its name; None for one that is not known."""
        return self._nodes.get(name)

    def note_drain(self, name: str, drain: str, *, cordoned: bool) -> None:
        """Take what the hub itself has just written on a node, before the watch says it."""
        if node := self._nodes.get(name):
            goes_on = bool(drain and node.drain and node.cordoned)
            kept = node.drain_sessions if goes_on else ""
            ready = node.ready and not cordoned  # else the watch says it
            self.set_node(
                replace(node, drain=drain, cordoned=cordoned, drain_sessions=kept, ready=ready)
            )

    def other_pods(self) -> dict[str, list[str]]:
        """Return what is on each node besides sessions and what goes with it, as
        ``namespace/name``: what ``kubectl drain`` would evict.
        """
        found: dict[str, list[str]] = {}
        for key, load in self._pods.items():
            if not load.session and not load.stays:
                found.setdefault(load.node, []).append(key)
        return found

    def changed_since(self, version: int) -> Iterable[Node]:
        """Return the nodes that are new or different since then, without a look at the others."""
        return takewhile(lambda node: node.version > version, reversed(self._nodes.values()))

    def fewer_since(self, version: int) -> bool:
        """Return whether a node may have gone since then."""
        return self._fewer_at > version

    def waiting(self, size: str) -> int:
        """Count the sessions of a size that wait in Kueue's queue."""
        return self._waiting[size]

    def all_waiting(self) -> dict[str, int]:
        """Count the same for every size that somebody waits for."""
        return {size: count for size, count in self._waiting.items() if size and count}

    def set_nodes(self, found: list[Node]) -> None:
        """Take a complete list of nodes."""
        self._nodes = OrderedDict((node.name, node) for node in found)
        self._note_fewer()
        for node in found:
            node.used, node.sessions = {}, Counter()
            self._touch(node)
            node.reported = node.version
        for load in self._pods.values():
            self._account(load, 1)

    def set_node(self, node: Node) -> None:
        """Take one node, new or changed. That it is still alive, kubelets tell every minute."""
        known = self._nodes.get(node.name)
        if known and known.same(node):
            return
        self._nodes[node.name] = node
        if known:
            node.used, node.sessions = known.used, known.sessions
        else:
            for load in self._pods.values():
                if load.node == node.name:
                    self._account(load, 1)
        self._touch(node)
        node.reported = node.version

    def remove_node(self, name: str) -> None:
        """Forget a node; its pods' deletions follow on their own."""
        self._nodes.pop(name, None)
        self._note_fewer()

    def set_pods(self, found: dict[str, Manifest]) -> None:
        """Take a complete list of pods by ``namespace/name``."""
        self.version += 1  # if it is empty, too: now that is known
        for key in [*self._pods, *self._queued]:
            self.remove_pod(key)
        for key, pod in found.items():
            self.set_pod(key, pod)

    def set_pod(self, key: str, pod: Manifest) -> None:
        """Take one pod. One without a node, or that has finished, takes nothing."""
        self._leave_queue(key)
        known = self._pods.get(key)
        node = pod["spec"].get("nodeName")
        finished = pod.get("status", {}).get("phase") in _FINISHED
        if is_queued(pod) and not finished:
            size = self._queued[key] = pod["metadata"].get("labels", {}).get(Label.SIZE, "")
            self._waiting[size] += 1
            self.version += 1
        elif not node or finished:
            self.remove_pod(key)
        elif known is None or known.node != node:
            self.remove_pod(key)
            load = self._pods[key] = _Load(
                node, requests_of(pod["spec"]), _session(pod), stays=_goes_with_its_node(pod)
            )
            self._account(load, 1)
        if self.files.take(key, pod):
            self.version += 1

    def remove_pod(self, key: str) -> None:
        """Forget a pod."""
        self._leave_queue(key)
        self.files.forget(key)
        if load := self._pods.pop(key, None):
            self._account(load, -1)

    def _leave_queue(self, key: str) -> None:
        size = self._queued.pop(key, None)
        if size is not None:
            self._waiting[size] -= 1
            self.version += 1

    def _account(self, load: _Load, sign: int) -> None:
        if node := self._nodes.get(load.node):
            add(node.used, load.requests, sign)
            if load.session:
                node.sessions[load.session] += sign
            self._touch(node)

    def _touch(self, node: Node) -> None:
        """Note that what a node has, or has left, is not what it was."""
        self.version += 1
        node.version = self.version
        self._nodes.move_to_end(node.name)

    def _note_fewer(self) -> None:
        self.version += 1
        self._fewer_at = self.version


class _Nodes:
    """Takes what the watch of nodes finds."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.loaded = False

    def replace(self, objects: list[Manifest]) -> None:
        self._cluster.set_nodes([read_node(manifest) for manifest in objects])
        self.loaded = True

    def update(self, kind: str, changed: Manifest) -> None:
        if kind == "DELETED":
            self._cluster.remove_node(changed["metadata"]["name"])
        else:
            self._cluster.set_node(read_node(changed))


class _Pods:
    """Takes what the watch of pods finds."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.loaded = False

    def replace(self, objects: list[Manifest]) -> None:
        self._cluster.set_pods({key_of(manifest): manifest for manifest in objects})
        self.loaded = True

    def update(self, kind: str, changed: Manifest) -> None:
        if kind == "DELETED":
            self._cluster.remove_pod(key_of(changed))
        else:
            self._cluster.set_pod(key_of(changed), changed)


async def follow(cluster: Cluster, api: Any, log: logging.Logger) -> None:  # noqa: ANN401
    """Keep a cluster fresh until cancelled. ``api`` is the client's CoreV1Api.

    Without the right to list nodes and pods, it is retried and availability stays unknown.
    """
    nodes = Watch(api.list_node, cluster.nodes, log)
    pods = Watch(
        api.list_pod_for_all_namespaces,
        cluster.pods,
        log,
        field_selector="status.phase!=Succeeded,status.phase!=Failed",
    )
    cluster.watches = (nodes, pods)
    await asyncio.gather(nodes.run(), pods.run())


def _session(pod: Manifest) -> Session | None:
    labels = pod["metadata"].get("labels", {})
    mode, team = labels.get(Label.GPU_MODE), labels.get(Label.TEAM)
    return (mode, team) if mode and team else None


def _goes_with_its_node(pod: Manifest) -> bool:
    owners = pod["metadata"].get("ownerReferences") or ()
    return any(each.get("kind") in _OF_THE_NODE for each in owners)

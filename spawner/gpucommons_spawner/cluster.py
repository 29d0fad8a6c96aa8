"""What the cluster's nodes have and what its pods take: the ground of availability.

Two watches for the whole hub keep it fresh. Only numbers are kept of each
pod, so memory grows by a few hundred bytes a pod.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from gpucommons_contract import Label

from gpucommons_spawner.quantity import amount
from gpucommons_spawner.queue import is_queued
from gpucommons_spawner.watch import Manifest, Watch

Resources = Mapping[str, Decimal]
Session = tuple[str, str]
"""GPU mode and team of a session."""

_FINISHED = ("Succeeded", "Failed")
_KEEPS_OUT = ("NoSchedule", "NoExecute")


@dataclass(slots=True)
class Node:
    """One node: what it offers, who is kept out, and what its pods take."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    allocatable: Resources = field(default_factory=dict)
    taints: tuple[Mapping[str, str], ...] = ()
    ready: bool = False
    used: dict[str, Decimal] = field(default_factory=dict)
    sessions: Counter[Session] = field(default_factory=Counter)

    def free(self, resource: str) -> Decimal:
        """How much of a resource no pod has asked for."""
        return self.allocatable.get(resource, Decimal(0)) - self.used.get(resource, Decimal(0))

    def has_other_team(self, gpu_mode: str, team: str) -> bool:
        """Tell whether another team has a session of a GPU mode here."""
        return any(mode == gpu_mode and one != team for mode, one in +self.sessions)


@dataclass(frozen=True, slots=True)
class _Load:
    node: str
    requests: Resources
    session: Session | None


class Cluster:
    """Nodes and pods as last heard of. ``version`` grows with every change."""

    def __init__(self) -> None:
        self.version = 0
        self._nodes: dict[str, Node] = {}
        self._pods: dict[str, _Load] = {}
        self._queued: dict[str, str] = {}
        self.nodes = _Nodes(self)
        self.pods = _Pods(self)

    @property
    def known(self) -> bool:
        """Whether both lists have been read, so that numbers mean something."""
        return self.nodes.loaded and self.pods.loaded

    def all_nodes(self) -> Iterable[Node]:
        """Every node, ready or not."""
        return self._nodes.values()

    def waiting(self, size: str) -> int:
        """Count the sessions of a size that wait in Kueue's queue."""
        return sum(each == size for each in self._queued.values())

    def set_nodes(self, found: list[Node]) -> None:
        """Take a complete list of nodes."""
        self._nodes = {node.name: node for node in found}
        for node in found:
            node.used, node.sessions = {}, Counter()
        for load in self._pods.values():
            self._account(load, 1)
        self.version += 1

    def set_node(self, node: Node) -> None:
        """Take one node, new or changed."""
        known = self._nodes.get(node.name)
        self._nodes[node.name] = node
        if known:
            node.used, node.sessions = known.used, known.sessions
        else:
            for load in self._pods.values():
                if load.node == node.name:
                    self._account(load, 1)
        self.version += 1

    def remove_node(self, name: str) -> None:
        """Forget a node; its pods' deletions follow on their own."""
        self._nodes.pop(name, None)
        self.version += 1

    def set_pods(self, found: dict[str, Manifest]) -> None:
        """Take a complete list of pods by ``namespace/name``."""
        for key in [*self._pods, *self._queued]:
            self.remove_pod(key)
        for key, pod in found.items():
            self.set_pod(key, pod)

    def set_pod(self, key: str, pod: Manifest) -> None:
        """Take one pod. One without a node, or that has finished, takes nothing."""
        if self._queued.pop(key, None) is not None:
            self.version += 1
        known = self._pods.get(key)
        node = pod["spec"].get("nodeName")
        finished = pod.get("status", {}).get("phase") in _FINISHED
        if is_queued(pod):
            self._queued[key] = pod["metadata"].get("labels", {}).get(Label.SIZE, "")
            self.version += 1
        elif not node or finished:
            self.remove_pod(key)
        elif known is None or known.node != node:
            self.remove_pod(key)
            load = self._pods[key] = _Load(node, _requests(pod["spec"]), _session(pod))
            self._account(load, 1)
            self.version += 1

    def remove_pod(self, key: str) -> None:
        """Forget a pod."""
        if self._queued.pop(key, None) is not None:
            self.version += 1
        if load := self._pods.pop(key, None):
            self._account(load, -1)
            self.version += 1

    def _account(self, load: _Load, sign: int) -> None:
        if node := self._nodes.get(load.node):
            _add(node.used, load.requests, sign)
            if load.session:
                node.sessions[load.session] += sign


class _Nodes:
    """Takes what the watch of nodes finds."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.loaded = False

    def replace(self, objects: list[Manifest]) -> None:
        self._cluster.set_nodes([_node(manifest) for manifest in objects])
        self.loaded = True

    def update(self, kind: str, changed: Manifest) -> None:
        if kind == "DELETED":
            self._cluster.remove_node(changed["metadata"]["name"])
        else:
            self._cluster.set_node(_node(changed))


class _Pods:
    """Takes what the watch of pods finds."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.loaded = False

    def replace(self, objects: list[Manifest]) -> None:
        self._cluster.set_pods({_key(manifest): manifest for manifest in objects})
        self.loaded = True

    def update(self, kind: str, changed: Manifest) -> None:
        if kind == "DELETED":
            self._cluster.remove_pod(_key(changed))
        else:
            self._cluster.set_pod(_key(changed), changed)


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
    await asyncio.gather(nodes.run(), pods.run())


def _node(manifest: Manifest) -> Node:
    spec, status = manifest.get("spec", {}), manifest.get("status", {})
    conditions = {item["type"]: item["status"] for item in status.get("conditions", ())}
    allocatable = {key: amount(value) for key, value in status.get("allocatable", {}).items()}
    return Node(
        name=manifest["metadata"]["name"],
        labels=manifest["metadata"].get("labels", {}),
        allocatable=allocatable,
        taints=tuple(
            taint for taint in spec.get("taints", ()) if taint.get("effect") in _KEEPS_OUT
        ),
        ready=conditions.get("Ready") == "True" and not spec.get("unschedulable", False),
    )


def _session(pod: Manifest) -> Session | None:
    labels = pod["metadata"].get("labels", {})
    mode, team = labels.get(Label.GPU_MODE), labels.get(Label.TEAM)
    return (mode, team) if mode and team else None


def _requests(spec: Manifest) -> dict[str, Decimal]:
    """Sum what the scheduler reserves for a pod: its containers together, or its
    largest init container if that is more. A sidecar counts as a container.
    """
    total: dict[str, Decimal] = {}
    for container in spec.get("containers", ()):
        _add(total, _of_container(container), 1)
    for container in spec.get("initContainers", ()):
        wants = _of_container(container)
        if container.get("restartPolicy") == "Always":
            _add(total, wants, 1)
            continue
        for resource, quantity in wants.items():
            total[resource] = max(quantity, total.get(resource, Decimal(0)))
    total["pods"] = Decimal(1)
    return total


def _of_container(container: Manifest) -> dict[str, Decimal]:
    requests = container.get("resources", {}).get("requests", {})
    return {key: amount(value) for key, value in requests.items()}


def _add(total: dict[str, Decimal], part: Resources, sign: int) -> None:
    for resource, quantity in part.items():
        total[resource] = total.get(resource, Decimal(0)) + sign * quantity


def _key(pod: Manifest) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"

"""One node of the cluster, as far as it says what there is room for."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from gpucommons_contract import Annotation, amount

from gpucommons_spawner.availability.pod_requests import Resources
from gpucommons_spawner.kubernetes.manifest import Manifest

Session = tuple[str, str]
"""GPU mode and team of a session."""

_KEEPS_OUT = ("NoSchedule", "NoExecute")


@dataclass(slots=True)
class Node:
    """One node: what it offers, who is kept out, and what its pods take."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    allocatable: Resources = field(default_factory=dict)
    capacity: Resources = field(default_factory=dict)
    """What it has in all, also of what is broken or not reported yet since it came up."""
    taints: tuple[Mapping[str, str], ...] = ()
    ready: bool = False
    """It works, and takes new pods."""
    cordoned: bool = False
    """Nothing new is to come to it."""
    drain: str = ""
    """What its annotation `Annotation.DRAIN` says."""
    drain_sessions: str = ""
    """What its annotation `Annotation.DRAIN_SESSIONS` says."""
    used: dict[str, Decimal] = field(default_factory=dict)
    sessions: Counter[Session] = field(default_factory=Counter)
    version: int = 0
    """Another one after each change of the node or of what it holds."""
    reported: int = 0
    """Another one after each change of the node alone."""

    def free(self, resource: str) -> Decimal:
        """How much of a resource no pod has asked for."""
        return self.allocatable.get(resource, Decimal(0)) - self.used.get(resource, Decimal(0))

    def same(self, other: "Node") -> bool:
        """Return whether another report of this node says the same."""
        return self._as_reported == other._as_reported

    @property
    def _as_reported(self) -> tuple[object, ...]:
        drained = (self.cordoned, self.drain, self.drain_sessions)
        return self.labels, self.allocatable, self.capacity, self.taints, self.ready, drained

    def teams_of(self, gpu_mode: str) -> frozenset[str]:
        """Return the teams that have sessions of a GPU mode here."""
        return frozenset(
            team for (mode, team), count in self.sessions.items() if mode == gpu_mode and count > 0
        )


def read_node(manifest: Manifest) -> Node:
    """Read one from the object that the API server has of it."""
    spec, status = manifest.get("spec", {}), manifest.get("status", {})
    conditions = {item["type"]: item["status"] for item in status.get("conditions", ())}
    annotations = manifest["metadata"].get("annotations") or {}
    return Node(
        name=manifest["metadata"]["name"],
        labels=manifest["metadata"].get("labels", {}),
        allocatable=_amounts(status.get("allocatable", {})),
        capacity=_amounts(status.get("capacity", {})),
        taints=tuple(
            taint for taint in spec.get("taints", ()) if taint.get("effect") in _KEEPS_OUT
        ),
        ready=conditions.get("Ready") == "True" and not spec.get("unschedulable", False),
        cordoned=bool(spec.get("unschedulable", False)),
        drain=annotations.get(Annotation.DRAIN, ""),
        drain_sessions=annotations.get(Annotation.DRAIN_SESSIONS, ""),
    )


def _amounts(written: Mapping[str, str]) -> Resources:
    return {key: amount(value) for key, value in written.items()}

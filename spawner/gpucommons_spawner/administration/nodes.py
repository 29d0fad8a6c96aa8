"""The nodes as administrators see them. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gpucommons_contract.drains import Drain, DrainedSessions, read_drain
from gpucommons_contract.words import phrase

from gpucommons_spawner.administration.session_line import LineState, SessionLine
from gpucommons_spawner.availability.node import Node
from gpucommons_spawner.catalogue.base import plainly

_GPUS = ("nvidia.com/", "amd.com/", "gpu.intel.com/")


class NodeState(StrEnum):
    """Whether sessions can come to a node."""

    READY = "ready"
    DRAINING = "draining"
    """Being taken out of service, and sessions are still there."""
    DRAINED = "drained"
    CORDONED = "cordoned"
    """Held off by something else than this page."""
    DOWN = "down"


NODE_STATES: Mapping[NodeState, str] = {
    NodeState.READY: phrase("In service"),
    NodeState.DRAINING: phrase("Being drained"),
    NodeState.DRAINED: phrase("Drained: no session is left"),
    NodeState.CORDONED: phrase("Takes nothing new"),
    NodeState.DOWN: phrase("Not ready"),
}


@dataclass(frozen=True, slots=True)
class NodeLine:
    """One node: its GPUs, and the sessions on it that go on or start."""

    name: str
    model: str
    gpus: str
    """What is free of what it has, such as ``1 of 4``; empty without GPUs."""
    sessions: tuple[str, ...]
    state: NodeState
    drain: Drain | None
    drained: DrainedSessions = field(default_factory=dict)
    """What became of its sessions since it is drained."""
    other_pods: tuple[str, ...] = ()
    """What is on it besides, and would have to be evicted, as ``namespace/name``."""

    @property
    def told(self) -> int:
        """How many of them showed that they will be stopped."""
        return sum(each.told is not None for each in self.drained.values())

    @property
    def gone(self) -> int:
        """How many of them are not there any more."""
        return sum(name not in self.sessions for name in self.drained)

    def as_json(self) -> dict[str, object]:
        """Write it for programs."""
        drain = self.drain
        return {
            "node": self.name,
            "gpu_model": self.model,
            "gpus_free": self.gpus,
            "sessions": list(self.sessions),
            "state": str(self.state),
            "drain": drain
            and {"by": drain.by, "until": drain.until.isoformat(), "reason": drain.reason},
            "drained_sessions": [
                {"session": name, **each.as_json(), "gone": name not in self.sessions}
                for name, each in sorted(self.drained.items())
            ],
            "other_pods": list(self.other_pods),
        }


def node_lines(
    nodes: Iterable[Node],
    lines: Sequence[SessionLine],
    drained: Callable[[Node], DrainedSessions],
    other_pods: Mapping[str, Sequence[str]],
) -> list[NodeLine]:
    """Describe all nodes that have GPUs or sessions, and those that are drained; by name.

    drained: what became of the sessions of a node. other_pods: what is on each besides sessions.
    """
    on_node: dict[str, list[SessionLine]] = {}
    for line in lines:
        on_node.setdefault(line.node, []).append(line)
    leaving = [each for each in lines if not each.node and each.state is LineState.STOPPING]
    found = [
        _line(
            node,
            [*on_node.get(node.name, ()), *_not_ended(leaving, drained(node))],
            drained(node),
            other_pods.get(node.name, ()),
        )
        for node in nodes
    ]
    return sorted(
        (each for each in found if each.gpus or each.sessions or each.drain),
        key=lambda each: each.name,
    )


def _not_ended(leaving: Iterable[SessionLine], drained: DrainedSessions) -> Iterator[SessionLine]:
    """Yield those of a node whose pod is gone, and of whose end nobody has been told yet."""
    for line in leaving:
        known = drained.get(line.name)
        if known and not known.ended:
            yield line


def _line(
    node: Node, lines: Sequence[SessionLine], drained: DrainedSessions, others: Sequence[str]
) -> NodeLine:
    drain = read_drain(node.drain) if node.cordoned else None  # somebody may say uncordon
    return NodeLine(
        name=node.name,
        model=node.labels.get("nvidia.com/gpu.product", "").replace("-", " "),
        gpus=", ".join(_gpus(node)),
        sessions=tuple(sorted(line.name for line in lines)),
        # After a restart of the hub, pods are known before whose sessions they are.
        state=_state(node, drain, there=bool(lines) or any(+node.sessions)),
        drain=drain,
        drained=drained if drain else {},
        other_pods=tuple(sorted(others)),
    )


def _gpus(node: Node) -> Iterable[str]:
    for resource, amount in sorted(node.allocatable.items()):
        if resource.startswith(_GPUS) and amount:
            yield phrase(
                "%(free)s of %(all)s %(resource)s",
                free=plainly(max(node.free(resource), amount - amount)),
                all=plainly(amount),
                resource=resource.partition("/")[2],
            )


def _state(node: Node, drain: Drain | None, *, there: bool) -> NodeState:
    if drain:
        return NodeState.DRAINING if there else NodeState.DRAINED
    if node.cordoned:
        return NodeState.CORDONED
    return NodeState.READY if node.ready else NodeState.DOWN

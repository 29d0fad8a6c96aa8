"""The nodes as administrators see them. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gpucommons_contract.drains import Drain, read_drain
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
    not_told: int
    """Sessions on it, while it is drained, that are not to be stopped."""
    state: NodeState
    drain: Drain | None

    def as_json(self) -> dict[str, object]:
        """Write it for programs."""
        drain = self.drain
        return {
            "node": self.name,
            "gpu_model": self.model,
            "gpus_free": self.gpus,
            "sessions": list(self.sessions),
            "not_told": self.not_told,
            "state": str(self.state),
            "drain": drain
            and {"by": drain.by, "until": drain.until.isoformat(), "reason": drain.reason},
        }


def node_lines(nodes: Iterable[Node], lines: Sequence[SessionLine]) -> list[NodeLine]:
    """Describe all nodes that have GPUs or sessions, and those that are drained; by name."""
    on_node: dict[str, list[SessionLine]] = {}
    for line in lines:
        on_node.setdefault(line.node, []).append(line)
    found = [_line(node, on_node.get(node.name, [])) for node in nodes]
    return sorted(
        (each for each in found if each.gpus or each.sessions or each.drain),
        key=lambda each: each.name,
    )


def _line(node: Node, lines: Sequence[SessionLine]) -> NodeLine:
    drain = read_drain(node.drain)
    return NodeLine(
        name=node.name,
        model=node.labels.get("nvidia.com/gpu.product", "").replace("-", " "),
        gpus=", ".join(_gpus(node)),
        sessions=tuple(sorted(line.name for line in lines)),
        not_told=sum(line.plan is None and line.state is not LineState.STOPPING for line in lines)
        if drain
        else 0,
        state=_state(node, drain, there=bool(lines)),
        drain=drain,
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
    if drain and node.cordoned:
        return NodeState.DRAINING if there else NodeState.DRAINED
    if node.cordoned:
        return NodeState.CORDONED
    return NodeState.READY if node.ready else NodeState.DOWN

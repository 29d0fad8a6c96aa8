"""Whether each size could ever run: judged for the very pod that the hub would make."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from gpucommons_contract.formats.wording import counted, joined
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import Manifest
from gpucommons_spawner.availability.cluster import Cluster as Nodes
from gpucommons_spawner.availability.node import Node
from gpucommons_spawner.availability.placement import Placement
from gpucommons_spawner.availability.size_capacity import SizeCapacity
from gpucommons_spawner.availability.size_pod import spec_of
from gpucommons_spawner.catalogue import Size
from gpucommons_spawner.catalogue.gpu_modes import HAMi

from gpucommons_doctor.check import Check
from gpucommons_doctor.finding import Finding, fault, good, warning
from gpucommons_doctor.kubernetes import NODES, annotations_of

_HAMI_DEVICES = "hami.io/node-nvidia-register"
"""Annotation in which HAMi's device plugin lists a node's GPUs for HAMi's scheduler.
Source: https://github.com/Project-HAMi/HAMi
"""
_MOST_REASONS = 3
_NOTHING = Decimal(0)


class SizesFit(Check):
    """Counts how many sessions of each size the nodes would take if they were empty."""

    name: ClassVar[str] = "sizes"
    question: ClassVar[str] = "Is there a node for every size of the catalogue?"

    def __init__(self, sizes: Mapping[str, Size], placement: Mapping[str, Any]) -> None:
        """placement: what the hub sets for every session's pod, by KubeSpawner's names."""
        self._sizes, self._placement = sizes, placement

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at all nodes."""
        manifests = await cluster.list(NODES)
        nodes = read_nodes(manifests)
        hami = any(annotations_of(each).get(_HAMI_DEVICES) for each in manifests)
        return [
            finding
            for name, size in self._sizes.items()
            for finding in judge_size(name, size, nodes, self._placement, hami=hami)
        ] or [good("No size has devices that nodes count.")]


def read_nodes(manifests: Sequence[Manifest]) -> list[Node]:
    """Read nodes as the hub does."""
    nodes = Nodes()
    nodes.nodes.replace(list(manifests))
    return list(nodes.all_nodes())


def judge_size(
    name: str, size: Size, nodes: Sequence[Node], placement: Mapping[str, Any], *, hami: bool
) -> list[Finding]:
    """Judge one size; nothing where its devices are counted elsewhere (DRA).

    hami: whether HAMi lists GPUs of any node.
    """
    if isinstance(size.gpu, HAMi):
        return [_by_hami(name, size, listed=hami)]
    if not size.gpu_fields().counted:
        return []
    count = SizeCapacity(size, placement)
    for node in nodes:
        count.take(node)
    room = count.capacity("")
    if room.total:
        return [good(f"Size {name}: {counted(room.total, 'place')} in all.")]
    if size.nodes_on_demand:
        return [good(f"Size {name}: no node now; one is added on demand.")]
    if room.away:
        return [
            warning(
                f"Size {name}: every node for it is not ready, cordoned or short of GPUs now.",
                "Look at these nodes; nobody can start this size meanwhile.",
            )
        ]
    why = joined(_reasons(Placement.of(spec_of(size, placement)), nodes))
    return [
        fault(
            f"Size {name}: no node can ever run it: {why or 'the cluster has none'}.",
            "Change the size, label or untaint nodes, or say nodes_on_demand if nodes are added "
            "when a session asks for one. What the hub itself sets for every session, such as "
            "tolerations, is known with --values.",
        )
    ]


def _by_hami(name: str, size: Size, *, listed: bool) -> Finding:
    if listed:
        return good(f"Size {name}: HAMi lists GPUs; its scheduler alone knows what is free.")
    if size.nodes_on_demand:
        return good(f"Size {name}: no node with HAMi's device plugin now; one is added on demand.")
    return fault(
        f"Size {name}: HAMi lists the GPUs of no node.",
        f"Install HAMi's device plugin on GPU nodes; it writes the annotation {_HAMI_DEVICES}.",
    )


def _reasons(pod: Placement, nodes: Iterable[Node]) -> list[str]:
    """Say why nodes do not take a pod, with how many there are of each reason."""
    reasons = Counter(_reason(pod, node) for node in nodes)
    return [f"{counted(count, 'node')} {why}" for why, count in reasons.most_common(_MOST_REASONS)]


def _reason(pod: Placement, node: Node) -> str:
    """Say what a node lacks; a device that it has none of says more than any label."""
    for resource, need in sorted(pod.needs.items(), key=lambda item: "/" not in item[0]):
        has = node.allocatable.get(resource, _NOTHING)
        most = max(has, node.capacity.get(resource, _NOTHING))
        if most < need:
            return f"with {_amount(most)} {resource} where {_amount(need)} is asked"
    for key, value in pod.selector.items():
        if key not in node.labels:
            return f"without the label {key}={value}"
        if node.labels[key] != value:
            return f"with {key}={node.labels[key]} instead of {value}"
    for taint in node.taints:
        alone = Placement({}, {}, pod.tolerations, None)
        if not alone.fits_kind(Node("", taints=(taint,))):
            value = f"={taint['value']}" if taint.get("value") else ""
            return f"with the taint {taint['key']}{value}:{taint.get('effect', '')}"
    return "outside the node affinity that the hub sets"


def _amount(value: Decimal) -> str:
    gib = value / 2**30
    return f"{gib:.1f}Gi" if gib >= 1 else f"{value.normalize():f}"

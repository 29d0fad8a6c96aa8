"""What a node says about its GPUs. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from gpucommons_accounting.reckoning.capacity.capacity import NodeFact, NodeState

Manifest = Mapping[str, Any]
_PRODUCT = "nvidia.com/gpu.product"
_COUNT = "nvidia.com/gpu.count"
"""GPUs that are built in, however they are shared. Both are of GPU Feature Discovery."""
_DEVICES = "nvidia.com/gpu"


def fact_of(node: Manifest, now: datetime) -> NodeFact | None:
    """Return how a node is; None for one without GPUs.

    A node that is down is so since its last transition, everything else since ``now``.
    """
    labels = node["metadata"].get("labels") or {}
    gpus = _number(labels.get(_COUNT)) or _number(
        ((node.get("status") or {}).get("capacity") or {}).get(_DEVICES)
    )
    if not gpus:
        return None
    state, at = NodeState.UP, now
    if (node.get("spec") or {}).get("unschedulable"):
        state = NodeState.CORDONED
    if lost := lost_since(node):
        state, at = NodeState.DOWN, lost
    return NodeFact(node["metadata"]["name"], at, state, labels.get(_PRODUCT, ""), gpus)


def lost_since(node: Manifest) -> datetime | None:
    """Return since when a node has not been heard of; None while it is."""
    for each in (node.get("status") or {}).get("conditions") or ():
        if each["type"] == "Ready" and each["status"] == "Unknown":
            return datetime.fromisoformat(
                each.get("lastHeartbeatTime") or each["lastTransitionTime"]
            )
    return None


def products(nodes: Iterable[Manifest]) -> dict[str, str]:
    """Return the GPUs' models by the names of nodes."""
    return {
        node["metadata"]["name"]: (node["metadata"].get("labels") or {}).get(_PRODUCT, "")
        for node in nodes
    }


def _number(text: object) -> Decimal:
    try:
        return Decimal(str(text or 0))
    except InvalidOperation:
        return Decimal(0)

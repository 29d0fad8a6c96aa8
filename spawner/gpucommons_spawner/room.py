"""How many sessions of a size the nodes take. Pure."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from gpucommons_spawner.catalogue import Size
from gpucommons_spawner.cluster import Node
from gpucommons_spawner.quantity import amount

_COUNTED = {
    "nvidia.com/gpu": ("GPU", "GPUs"),
    "nvidia.com/gpu.shared": ("share of a GPU", "shares of GPUs"),
}
"""What people call resources, one and many."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many sessions of a size fit: now, and if nothing else ran.

    of_other_teams are those that would fit, were it not for the team beside them.
    """

    free: int
    total: int
    of_other_teams: int = 0


def room(size: Size, nodes: Iterable[Node], team: str = "") -> Room:
    """Count how many sessions of a size the nodes take, for a team, now and when empty."""
    fields = size.gpu_fields()
    selector = {**fields.node_selector, **size.node_selector}
    tolerations = size.all_tolerations()
    needs = {
        "cpu": amount(size.cpu_request or size.cpu),
        "memory": amount(size.memory_request or size.memory),
        "pods": Decimal(1),
        **{resource: amount(count) for resource, count in fields.limits.items()},
    }
    free = total = others = 0
    for node in nodes:
        if not node.ready or not _admits(node, selector, tolerations):
            continue
        fits = _fit(needs, {resource: node.free(resource) for resource in needs})
        total += _fit(needs, node.allocatable)
        if fields.team_apart and node.has_other_team(fields.mode, team):
            others += fits
        else:
            free += fits
    return Room(free, total, others)


def too_few(limits: Mapping[str, str], nodes: Iterable[Node]) -> str:
    """Compare the GPUs that a session asks for with those of the node that has most free.

    Empty if that is not why it cannot be placed.
    """
    ready = [node for node in nodes if node.ready]
    for resource, (one, many) in _COUNTED.items():
        wanted = amount(limits.get(resource, "0"))
        free = max((node.free(resource) for node in ready), default=Decimal(0))
        if wanted > free:
            asked = f"{wanted} {one if wanted == 1 else many} asked"
            return f"{asked}, the node with most free has {max(free, Decimal(0))}."
    return ""


def _fit(needs: Mapping[str, Decimal], has: Mapping[str, Decimal]) -> int:
    fits = min(math.floor(has.get(resource, Decimal(0)) / need) for resource, need in needs.items())
    return max(fits, 0)


def _admits(
    node: Node, selector: Mapping[str, str], tolerations: Iterable[Mapping[str, str]]
) -> bool:
    return all(node.labels.get(key) == value for key, value in selector.items()) and all(
        any(_tolerates(each, taint) for each in tolerations) for taint in node.taints
    )


def _tolerates(toleration: Mapping[str, str], taint: Mapping[str, str]) -> bool:
    """Judge as the scheduler does; what a toleration leaves out fits all."""
    if toleration.get("key", taint["key"]) != taint["key"]:
        return False
    if toleration.get("effect", taint.get("effect")) != taint.get("effect"):
        return False
    if toleration.get("operator") == "Exists":
        return True
    return toleration.get("value", "") == taint.get("value", "")

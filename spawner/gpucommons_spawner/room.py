"""How many sessions of a size the nodes take."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from gpucommons_spawner.catalogue import Size
from gpucommons_spawner.cluster import Node
from gpucommons_spawner.quantity import amount

_COUNTED = {
    "nvidia.com/gpu": ("GPU", "GPUs"),
    "nvidia.com/gpu.shared": ("share of a GPU", "shares of GPUs"),
}
"""What people call resources, one and many."""
_NOTHING = Decimal(0)
_NO_TEAM: frozenset[str] = frozenset()


class Room(NamedTuple):
    """How many sessions of a size fit: now, and if nothing else ran.

    of_other_teams are those that would fit, were it not for the team beside them.
    """

    free: int
    total: int
    of_other_teams: int = 0


@dataclass(frozen=True, slots=True)
class _Fit:
    """How many sessions of a size one node takes now, and if it were empty."""

    free: int
    total: int
    teams: frozenset[str]
    """Teams that have sessions there with which others may not share it."""
    reported: int
    """`Node.reported` when it was counted: ``total`` is the same as long as this is."""


class RoomCount:
    """Room for one size on all nodes. A node that changes is counted anew, and no other."""

    def __init__(self, size: Size) -> None:
        fields = size.gpu_fields()
        self._selector = {**fields.node_selector, **size.node_selector}
        self._tolerations = size.all_tolerations()
        self._apart = fields.mode if fields.team_apart else None
        self._needs = {
            **{resource: amount(count) for resource, count in fields.limits.items()},
            "cpu": amount(size.cpu_request or size.cpu),
            "memory": amount(size.memory_request or size.memory),
            "pods": Decimal(1),
        }
        self._fits: dict[str, _Fit] = {}
        self._total = self._free = 0
        self._free_beside: dict[frozenset[str], int] = {}

    def take(self, node: Node) -> None:
        """Count a node, new or changed."""
        before = self._fits.get(node.name)
        if before and before.reported == node.reported:
            total = before.total
        else:
            total = self._total_of(node)
        free = _fit(self._needs, node.allocatable, node.used) if total else 0
        teams = node.teams_of(self._apart) if self._apart else _NO_TEAM
        if before:
            self._add(before, -1)
        fit = self._fits[node.name] = _Fit(free, total, teams, node.reported)
        self._add(fit, 1)

    def _total_of(self, node: Node) -> int:
        if node.ready and _admits(node, self._selector, self._tolerations):
            return _fit(self._needs, node.allocatable, {})
        return 0

    def forget(self, name: str) -> None:
        """Leave a node out. Doing so twice is harmless."""
        if fit := self._fits.pop(name, None):
            self._add(fit, -1)

    def keep(self, names: Container[str]) -> None:
        """Leave out every node but these."""
        for name in [each for each in self._fits if each not in names]:
            self.forget(name)

    def room(self, team: str) -> Room:
        """Answer how much room there is for a team."""
        beside = self._free_beside
        free = beside.get(_NO_TEAM, 0) + beside.get(frozenset((team,)), 0)
        return Room(free, self._total, self._free - free)

    def _add(self, fit: _Fit, sign: int) -> None:
        self._total += sign * fit.total
        self._free += sign * fit.free
        free = self._free_beside.get(fit.teams, 0) + sign * fit.free
        if free:
            self._free_beside[fit.teams] = free
        else:
            self._free_beside.pop(fit.teams, None)


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


def _fit(
    needs: Mapping[str, Decimal], has: Mapping[str, Decimal], used: Mapping[str, Decimal]
) -> int:
    """Count what fits; the resource that is shortest decides. What most nodes lack comes first."""
    most: int | None = None
    for resource, need in needs.items():
        left = has.get(resource, _NOTHING) - used.get(resource, _NOTHING)
        if most is None or left < most * need:
            most = int(left // need)
            if most <= 0:
                return 0
    return most or 0


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

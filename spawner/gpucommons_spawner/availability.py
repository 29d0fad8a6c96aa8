"""What is free for each size and, for one person, why something is not."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal

from gpucommons_spawner.catalogue import Allowance, Catalogue, Size
from gpucommons_spawner.cluster import Cluster, Node
from gpucommons_spawner.quantity import amount, plainly
from gpucommons_spawner.quota import Ledger
from gpucommons_spawner.selection import Person


@dataclass(frozen=True, slots=True)
class Room:
    """How many sessions of a size fit: now, and if nothing else ran."""

    free: int
    total: int


@dataclass(frozen=True, slots=True)
class SizeState:
    """One size as one person sees it. ``free`` and ``total`` are None while not known."""

    name: str
    available: bool
    free: int | None
    total: int | None
    reason: str | None
    """Why not, in a sentence; None if available."""
    room: str
    """How much is free, in words; empty where it is not known or never short."""


@dataclass(frozen=True, slots=True)
class PersonState:
    """All sizes, and what the person holds, as the hub endpoint answers it."""

    sizes: tuple[SizeState, ...]
    sessions: int
    gpus: str
    """GPUs held, a decimal."""
    allowance_sessions: int | None
    allowance_gpus: str | None

    def as_json(self) -> dict[str, object]:
        """Turn into the hub endpoint's answer."""
        return asdict(self)


class Availability:
    """Answers for one catalogue and one cluster; counted anew only after a change."""

    def __init__(self, catalogue: Catalogue, cluster: Cluster) -> None:
        self._catalogue = catalogue
        self._cluster = cluster
        self._rooms: dict[str, Room] = {}
        self._version = -1

    def rooms(self) -> Mapping[str, Room]:
        """Room for each size; empty while the cluster is not known."""
        if self._cluster.known and self._version != self._cluster.version:
            self._version = self._cluster.version
            nodes = list(self._cluster.all_nodes())
            self._rooms = {name: room(size, nodes) for name, size in self._catalogue.sizes.items()}
        return self._rooms

    def for_person(self, person: Person, ledger: Ledger, server: str) -> PersonState:
        """Every size as this person sees it who is about to start ``server``."""
        allowance = self._catalogue.quotas.of(person.groups)
        held = [holding for holding in ledger.held(person.name) if holding.server != server]
        rooms = self.rooms()
        return PersonState(
            sizes=tuple(
                _state(
                    name,
                    rooms.get(name),
                    _refusal(size, person, ledger, server, allowance),
                    scarce=size.gpu is not None,
                )
                for name, size in self._catalogue.sizes.items()
            ),
            sessions=len(held),
            gpus=plainly(sum((holding.units for holding in held), Decimal(0))),
            allowance_sessions=allowance.sessions,
            allowance_gpus=None if allowance.gpus is None else plainly(allowance.gpus),
        )


def room(size: Size, nodes: list[Node]) -> Room:
    """Count how many sessions of a size the nodes take, now and when empty."""
    fields = size.gpu_fields()
    selector = {**fields.node_selector, **size.node_selector}
    needs = {
        "cpu": amount(size.cpu_request or size.cpu),
        "memory": amount(size.memory_request or size.memory),
        "pods": Decimal(1),
        **{resource: amount(count) for resource, count in fields.limits.items()},
    }
    free = total = 0
    for node in nodes:
        if node.ready and _admits(node, selector, fields.tolerations):
            free += _fit(needs, {resource: node.free(resource) for resource in needs})
            total += _fit(needs, node.allocatable)
    return Room(free=free, total=total)


def _fit(needs: Mapping[str, Decimal], has: Mapping[str, Decimal]) -> int:
    fits = min(math.floor(has.get(resource, Decimal(0)) / need) for resource, need in needs.items())
    return max(fits, 0)


def _admits(
    node: Node, selector: Mapping[str, str], tolerations: tuple[Mapping[str, str], ...]
) -> bool:
    tolerated = {toleration["key"] for toleration in tolerations}
    return all(node.labels.get(key) == value for key, value in selector.items()) and all(
        taint["key"] in tolerated for taint in node.taints
    )


def _refusal(
    size: Size, person: Person, ledger: Ledger, server: str, allowance: Allowance
) -> str | None:
    if size.disabled:
        return size.disabled
    if not size.open_to(person.groups):
        return f"For members of {', '.join(size.access or ())}. Ask an administrator for access."
    return ledger.refusal(person.name, size.units, allowance, server=server)


def _state(name: str, found: Room | None, refusal: str | None, *, scarce: bool) -> SizeState:
    reason = refusal
    if reason is None and found is not None and found.free == 0:
        reason = _full(found)
    return SizeState(
        name=name,
        available=reason is None,
        free=found.free if found else None,
        total=found.total if found else None,
        reason=reason,
        room=f"{found.free} of {found.total} free" if scarce and found and found.total else "",
    )


def _full(found: Room) -> str:
    if found.total == 0:
        return "No node of this cluster can run it. Ask an administrator."
    return f"All {found.total} places for this size are taken. Try again later."

"""What is free for each size and, for one person, why something is not."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal

from gpucommons_spawner.catalogue import Catalogue, Size
from gpucommons_spawner.cluster import Cluster
from gpucommons_spawner.holdings import Holding
from gpucommons_spawner.quota import Ledger, Limits
from gpucommons_spawner.room import Room, room
from gpucommons_spawner.selection import Person, only_in
from gpucommons_spawner.shortage import Wish, shown
from gpucommons_spawner.standing import standing
from gpucommons_spawner.teams import Team


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
    note: str = ""
    """For somebody in several teams: in which one it is to be had, if not in all."""


@dataclass(frozen=True, slots=True)
class PersonState:
    """All sizes, and what the person holds, as the hub endpoint answers it."""

    sizes: tuple[SizeState, ...]
    sessions: int
    gpus: str
    """GPUs held, a decimal."""
    allowance_sessions: int | None
    allowance_gpus: str | None
    holding: tuple[str, ...]
    """What the person and their teams hold of what they may, a sentence each."""

    def as_json(self) -> dict[str, object]:
        """Turn into the hub endpoint's answer."""
        return asdict(self)


class Availability:
    """Answers for one catalogue and one cluster; counted anew only after a change."""

    def __init__(self, catalogue: Catalogue, cluster: Cluster, *, queued: bool = False) -> None:
        """queued: sessions with a GPU may start to wait for one that is not free now."""
        self.catalogue = catalogue
        self._queued = queued
        self._cluster = cluster
        self._rooms: dict[str, dict[str, Room]] = {}
        self._version = -1

    def rooms(self, team: str = "") -> Mapping[str, Room]:
        """Room for each size in a team; empty while the cluster is not known.

        A size whose GPUs are not counted by the nodes is left out.
        """
        if not self._cluster.known:
            return {}
        if self._version != self._cluster.version:
            self._version = self._cluster.version
            self._rooms = {}
        if team not in self._rooms:
            nodes = list(self._cluster.all_nodes())
            self._rooms[team] = {
                name: room(size, nodes, team)
                for name, size in self.catalogue.sizes.items()
                if size.gpu_fields().counted
            }
        return self._rooms[team]

    def for_person(self, person: Person, ledger: Ledger, server: str) -> PersonState:
        """Every size as this person sees it who is about to start ``server``."""
        allowance = self.catalogue.quotas.of(person.groups, person.name)
        held = [holding for holding in ledger.held(person.name) if holding.server != server]
        return PersonState(
            sizes=tuple(self._size(name, person, ledger, server) for name in self.catalogue.sizes),
            sessions=len(held),
            gpus=shown(sum((holding.units for holding in held), Decimal(0))),
            allowance_sessions=allowance.sessions,
            allowance_gpus=None if allowance.gpus is None else shown(allowance.gpus),
            holding=standing(self.catalogue, person, ledger, server),
        )

    def _size(self, name: str, person: Person, ledger: Ledger, server: str) -> SizeState:
        """Judge a size in each of the person's teams; it is to be had if it is in one."""
        size = self.catalogue.sizes[name]
        found: dict[Team | None, tuple[str | None, Room | None]] = {}
        for team in person.teams or (None,):
            place = self.rooms(team.name if team else "").get(name)
            wish = Wish(
                person.name,
                Holding(server, size.units, "", team.name if team else "", name),
                size.display_name,
            )
            reason = size.refusal(person.groups_in(team)) or ledger.refusal(
                wish, Limits.of(self.catalogue.quotas, person, team)
            )
            found[team] = (reason or _full(place, queued=self._queued and bool(size.gpu)), place)
        waiting = self._cluster.waiting(name) if self._queued else 0
        return _state(name, size, found, person, waiting)


def _state(
    name: str,
    size: Size,
    found: Mapping[Team | None, tuple[str | None, Room | None]],
    person: Person,
    waiting: int = 0,
) -> SizeState:
    open_in = [team for team, (reason, _) in found.items() if reason is None]
    reason, place = found[open_in[0]] if open_in else next(iter(found.values()))
    return SizeState(
        name=name,
        available=reason is None,
        free=place.free if place else None,
        total=place.total if place else None,
        reason=reason,
        room=_room(place, waiting) if size.gpu and place and place.total else "",
        note=only_in(open_in, person),
    )


def _room(place: Room, waiting: int) -> str:
    free = f"{place.free} of {place.total} free"
    return f"{free}; {waiting} {'waits' if waiting == 1 else 'wait'}" if waiting else free


def _full(place: Room | None, *, queued: bool) -> str | None:
    """Say why no node takes a size; what is only not free now does not stop who can queue."""
    if place is None or place.free or (queued and place.total):
        return None
    if place.total == 0:
        return "No node of this cluster can run it. Ask an administrator."
    if place.of_other_teams:
        return (
            "What is free is beside sessions of another team, which it may not share a node with."
        )
    return f"All {place.total} places for this size are taken. Try again later."

"""How many sessions of each size the nodes take: counted once after a change, whoever asks."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from gpucommons_contract.formats.wording import span
from gpucommons_contract.words import phrase, phrases

from gpucommons_spawner.availability.cluster import Cluster
from gpucommons_spawner.availability.files_in_use import OpenFiles
from gpucommons_spawner.availability.gpu_model import gpu_model, models_in_words
from gpucommons_spawner.availability.node import Node
from gpucommons_spawner.availability.placement import Placement
from gpucommons_spawner.availability.size_pod import NO_SETTINGS, Settings, spec_of
from gpucommons_spawner.availability.state import SizeState
from gpucommons_spawner.catalogue.size import Size

_NOTHING = Decimal(0)
_NO_TEAM: frozenset[str] = frozenset()


class Capacity(NamedTuple):
    """How many sessions of a size fit: now, and if nothing else ran.

    of_other_teams are those that would fit, were it not for the team beside them; away says
    that some of the nodes of the right kind take nothing new now, whatever is free there.
    """

    free: int
    total: int
    of_other_teams: int = 0
    away: bool = False


@dataclass(frozen=True, slots=True)
class _Fit:
    """How many sessions of a size one node takes now, and if it were empty."""

    free: int
    total: int
    teams: frozenset[str]
    """Teams that have sessions there with which others may not share it."""
    away: bool
    """Whether it would take some, and takes none while it is restarted, mended or cordoned off."""
    model: str
    """The GPU that a session gets there, in words; empty if it gets none or that is not known."""
    reported: int
    """`Node.reported` when it was counted: ``total`` and model are the same as long as this is."""


class SizeCapacity:
    """Capacity for one size on all nodes. A node that changes is counted anew, and no other."""

    def __init__(self, size: Size, operator: Settings = NO_SETTINGS) -> None:
        """operator: what is set for every session, whatever its size."""
        fields = size.gpu_fields()
        self._size = size
        self._pod = Placement.of(spec_of(size, operator))
        self._apart = fields.mode if fields.team_apart else None
        self._fits: dict[str, _Fit] = {}
        self._total = self._free = self._away = 0
        self._free_beside: dict[frozenset[str], int] = {}
        self._models: Counter[str] = Counter()

    def take(self, node: Node) -> None:
        """Count a node, new or changed."""
        before = self._fits.get(node.name)
        if before and before.reported == node.reported:
            total, away, model = before.total, before.away, before.model
        else:
            total = self._total_of(node)
            away = not total and self._is_away(node)
            model = gpu_model(self._size, node.labels) if total else ""
        free = _fit(self._pod.needs, node.allocatable, node.used) if total else 0
        teams = node.teams_of(self._apart) if self._apart else _NO_TEAM
        if before:
            self._add(before, -1)
        fit = self._fits[node.name] = _Fit(free, total, teams, away, model, node.reported)
        self._add(fit, 1)

    def _total_of(self, node: Node) -> int:
        if node.ready and self._pod.admits(node):
            return _fit(self._pod.needs, node.allocatable, {})
        return 0

    def _is_away(self, node: Node) -> bool:
        """Return whether a node that takes none would, if it were well."""
        has = {**node.allocatable, **node.capacity}
        return self._pod.fits_kind(node) and _fit(self._pod.needs, has, {}) > 0

    def forget(self, name: str) -> None:
        """Leave a node out. Doing so twice is harmless."""
        if fit := self._fits.pop(name, None):
            self._add(fit, -1)

    def keep(self, names: Container[str]) -> None:
        """Leave out every node but these."""
        for name in [each for each in self._fits if each not in names]:
            self.forget(name)

    def capacity(self, team: str) -> Capacity:
        """Return how much room there is for a team."""
        beside = self._free_beside
        free = beside.get(_NO_TEAM, 0) + beside.get(frozenset((team,)), 0)
        return Capacity(free, self._total, self._free - free, self._away > 0)

    @property
    def models(self) -> str:
        """The GPU models that a session may get, in words; empty if none is known."""
        return models_in_words(model for model, nodes in self._models.items() if model and nodes)

    def on(self, nodes: Iterable[str], team: str) -> Capacity | None:
        """Return the same for some nodes alone; None if not all of them are known."""
        fits = [self._fits.get(name) for name in nodes]
        known = [fit for fit in fits if fit]
        if len(known) < len(fits):
            return None
        of_team = (_NO_TEAM, frozenset((team,)))
        free = sum(fit.free for fit in known if fit.teams in of_team)
        every = sum(fit.free for fit in known)
        away = any(fit.away for fit in known)
        return Capacity(free, sum(fit.total for fit in known), every - free, away)

    def _add(self, fit: _Fit, sign: int) -> None:
        self._total += sign * fit.total
        self._free += sign * fit.free
        self._away += sign * fit.away
        self._models[fit.model] += sign
        free = self._free_beside.get(fit.teams, 0) + sign * fit.free
        if free:
            self._free_beside[fit.teams] = free
        else:
            self._free_beside.pop(fit.teams, None)


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


_WAITS = phrase("None is free now: the session would wait in the queue.")


class SizeCapacities:
    """Each size as the nodes leave it to a team, for one catalogue and one cluster.

    What was counted holds for as long as ``Cluster.version`` is the same, for everybody in a
    team. Of what has changed then, only the nodes that did are counted anew.
    """

    def __init__(
        self,
        sizes: Mapping[str, Size],
        cluster: Cluster,
        *,
        queued: bool,
        operator: Settings = NO_SETTINGS,
    ) -> None:
        """queued: sessions with a GPU may start to wait for one that is not free now.
        operator: what is set for every session, whatever its size.
        """
        self._sizes = sizes
        self._cluster = cluster
        self._queued = queued
        self._counts = {
            name: SizeCapacity(size, operator)
            for name, size in sizes.items()
            if size.gpu_fields().counted
        }
        self._unknown = {name: SizeState(name) for name in sizes}
        self._version = -1
        self._in_teams: dict[str, Mapping[str, SizeState]] = {}

    def of(self, team: str = "") -> Mapping[str, SizeState]:
        """Return what the nodes have for every size, for a team or for somebody in none.

        Numbers are None while the cluster is not known, and for sizes whose GPUs its nodes do
        not count: these are offered.
        """
        if not self._cluster.known:
            return self._unknown
        self._take_up()
        if team not in self._in_teams:
            self._in_teams[team] = {name: self._state(name, team) for name in self._sizes}
        return self._in_teams[team]

    def near_files(self, name: str, team: str, files: OpenFiles) -> SizeState | None:
        """Return what the nodes have of a size for somebody whose files are open on some.

        None if that is what everybody in the team is told: no other node could take it anyway,
        or it is not known.
        """
        if not self._cluster.known or name not in self._counts:
            return None
        self._take_up()
        here = self._counts[name].on(files.nodes, team)
        everywhere = self._counts[name].capacity(team)
        size = self._sizes[name]
        if here is None or (here.total == everywhere.total and not size.nodes_on_demand):
            return None
        waiting = self._cluster.waiting(name) if self._queued else 0
        room = (
            phrase("%(room)s, where your files are open", room=_words(here, waiting))
            if size.gpu
            else ""
        )
        return SizeState(
            name=name,
            available=here.free > 0,
            free=here.free,
            total=here.total,
            reason=None if here.free else _no_room(files, size, here),
            room=room if here.total else "",
            gpu=self._counts[name].models,
        )

    def _take_up(self) -> None:
        """Count what has changed: of a thousand nodes, the one or two that have."""
        if self._version == self._cluster.version:
            return
        for node in self._cluster.changed_since(self._version):
            for count in self._counts.values():
                count.take(node)
        if self._cluster.fewer_since(self._version):
            present = {node.name for node in self._cluster.all_nodes()}
            for count in self._counts.values():
                count.keep(present)
        self._version, self._in_teams = self._cluster.version, {}

    def _state(self, name: str, team: str) -> SizeState:
        if name not in self._counts:
            return self._unknown[name]
        room, size = self._counts[name].capacity(team), self._sizes[name]
        has_gpu = size.gpu is not None
        waiting = self._cluster.waiting(name) if self._queued else 0
        full = _full(room, queued=self._queued and has_gpu)
        note = _WAITS if self._queued and has_gpu and not (full or room.free) else ""
        if full and size.nodes_on_demand:
            full, note = None, _grows(size.nodes_on_demand)
        return SizeState(
            name=name,
            available=full is None,
            free=room.free,
            total=room.total,
            reason=full,
            room=_words(room, waiting) if has_gpu and room.total else "",
            note=note,
            gpu=self._counts[name].models,
        )


def _words(room: Capacity, waiting: int) -> str:
    free = phrase("%(free)d of %(total)d free", free=room.free, total=room.total)
    if not waiting:
        return free
    return phrases("%(free)s; %(count)d waits", "%(free)s; %(count)d wait", waiting, free=free)


def _full(room: Capacity, *, queued: bool) -> str | None:
    """Say why no node takes a size; what is only not free now does not stop who can queue."""
    if room.free or (queued and (room.total or room.away)):
        return None
    if room.total == 0 and room.away:
        return phrase("Every node for it is being restarted or repaired now. Try again later.")
    if room.total == 0:
        return phrase("No node of this cluster can run it. Ask an administrator.")
    if room.of_other_teams:
        return phrase(
            "The free places are on nodes used by another team, which this size must not share."
        )
    return phrases(
        "The only place for this size is taken. Try again later.",
        "All %(count)d places for this size are taken. Try again later.",
        room.total,
    )


def _no_room(files: OpenFiles, size: Size, there: Capacity) -> str:
    grows = size.nodes_on_demand is not None
    return files.no_room(has_gpu=size.gpu is not None, grows=grows, can_run=there.total > 0)


def _grows(longest: timedelta) -> str:
    """Say what a start waits for where nodes are added on demand."""
    return phrase(
        "No node has room now: one is added, which may take %(time)s.",
        time=span(longest.total_seconds()),
    )

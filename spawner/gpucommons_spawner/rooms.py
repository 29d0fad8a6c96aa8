"""What the nodes have for each size: counted once after a change, whoever asks."""

from collections.abc import Mapping
from typing import NamedTuple

from gpucommons_spawner.catalogue import Size
from gpucommons_spawner.cluster import Cluster
from gpucommons_spawner.room import Room, RoomCount


class SizeState(NamedTuple):
    """One size as somebody sees it. ``free`` and ``total`` are None while not known."""

    name: str
    available: bool = True
    free: int | None = None
    total: int | None = None
    reason: str | None = None
    """Why not, in a sentence; None if available."""
    room: str = ""
    """How much is free, in words; empty where it is not known or never short."""
    note: str = ""
    """For somebody in several teams: in which one it is to be had, if not in all."""

    def refused(self, reason: str) -> "SizeState":
        """Answer the same for somebody who cannot have it, whatever is free."""
        return SizeState(self.name, False, self.free, self.total, reason, self.room)


class Rooms:
    """Each size as the nodes leave it to a team, for one catalogue and one cluster.

    What was counted holds for as long as ``Cluster.version`` is the same, for everybody in a
    team. Of what has changed then, only the nodes that did are counted anew.
    """

    def __init__(self, sizes: Mapping[str, Size], cluster: Cluster, *, queued: bool) -> None:
        """queued: sessions with a GPU may start to wait for one that is not free now."""
        self._sizes = sizes
        self._cluster = cluster
        self._queued = queued
        self._counts = {
            name: RoomCount(size) for name, size in sizes.items() if size.gpu_fields().counted
        }
        self._unknown = {name: SizeState(name) for name in sizes}
        self._version = -1
        self._in_teams: dict[str, Mapping[str, SizeState]] = {}

    def of(self, team: str = "") -> Mapping[str, SizeState]:
        """Tell of every size what the nodes have, for a team or for somebody in none.

        Numbers are None while the cluster is not known, and for sizes whose GPUs its nodes do
        not count: these are offered.
        """
        if not self._cluster.known:
            return self._unknown
        if self._version != self._cluster.version:
            self._take_up()
        if team not in self._in_teams:
            self._in_teams[team] = {name: self._state(name, team) for name in self._sizes}
        return self._in_teams[team]

    def _take_up(self) -> None:
        """Count what has changed: of a thousand nodes, the one or two that have."""
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
        room, has_gpu = self._counts[name].room(team), self._sizes[name].gpu is not None
        waiting = self._cluster.waiting(name) if self._queued else 0
        full = _full(room, queued=self._queued and has_gpu)
        return SizeState(
            name=name,
            available=full is None,
            free=room.free,
            total=room.total,
            reason=full,
            room=_words(room, waiting) if has_gpu and room.total else "",
        )


def _words(room: Room, waiting: int) -> str:
    free = f"{room.free} of {room.total} free"
    return f"{free}; {waiting} {'waits' if waiting == 1 else 'wait'}" if waiting else free


def _full(room: Room, *, queued: bool) -> str | None:
    """Say why no node takes a size; what is only not free now does not stop who can queue."""
    if room.free or (queued and room.total):
        return None
    if room.total == 0:
        return "No node of this cluster can run it. Ask an administrator."
    if room.of_other_teams:
        return (
            "What is free is beside sessions of another team, which it may not share a node with."
        )
    taken = "The only place" if room.total == 1 else f"All {room.total} places"
    verb = "is" if room.total == 1 else "are"
    return f"{taken} for this size {verb} taken. Try again later."

"""Remembers which workspace a person's sessions had last in each team, by its claim's name and uid.

So a workspace that was deleted while snapshots of it are kept is missed, and one of an earlier
account of the same name is not. Nor is one whose claim has another name, as names are now made
otherwise.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from gpucommons_contract import Annotation, read_moment, written_moment
from kubernetes_asyncio.client import V1PersistentVolumeClaim

from gpucommons_spawner.kubernetes.pod_api import NotKnownError
from gpucommons_spawner.lifecycle.part import SessionPart
from gpucommons_spawner.pod.lost_workspace import (
    demand_what_was_lost,
    is_erased,
    repository_of_lost,
)
from gpucommons_spawner.pod.workspace import UsableClaim

_STATE = "last_workspaces"


class _Had(NamedTuple):
    """A claim, and when a session got it."""

    at: datetime
    name: str
    uid: str


class _Spawner(Protocol):
    user: Any
    name: str
    api: Any
    namespace: str
    log: logging.Logger

    @property
    def place(self) -> str: ...


class LastWorkspaces(SessionPart):
    """Kept with the servers of an account: who gets the same name later has none of it."""

    def __init__(
        self, spawner: _Spawner, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._spawner, self._now = spawner, now
        self._had: dict[str, _Had] = {}
        """By team: the claim that a session of this server last got."""

    async def mark(self, claim: V1PersistentVolumeClaim, team: str) -> None:
        """Put on a claim that may have to be made which snapshots are kept of the one before.

        Where that is not known, a start goes on: the snapshots stay.
        """
        spawner, name, had = self._spawner, claim.metadata.name, self._last(team)
        if had is None or had.name != name:
            return
        try:
            lost = await repository_of_lost(spawner.api, spawner.namespace, name, had.uid)
        except NotKnownError as error:
            spawner.log.warning(
                "whether snapshots are kept of an earlier %s in %s is not known: %s",
                *(name, spawner.namespace, error),
            )
            return
        if lost:
            claim.metadata.annotations[str(Annotation.SNAPSHOT_TO_PUT_BACK)] = lost

    async def without_erased(self, claim: UsableClaim) -> UsableClaim:
        """Return a claim without the mark of snapshots that were erased since: there is nothing to
        be put back any more. Where that is not known, it stays.
        """
        spawner, mark = self._spawner, str(Annotation.SNAPSHOT_TO_PUT_BACK)
        repository = claim.notes.get(mark)
        if not repository:
            return claim
        try:
            erased = await is_erased(spawner.api, repository)
        except NotKnownError as error:
            spawner.log.warning("whether %s is kept is not known: %s", repository, error)
            return claim
        if not erased:
            return claim
        notes = {name: note for name, note in claim.notes.items() if name != mark}
        return replace(claim, notes=notes)

    def take(self, name: str, claim: UsableClaim, team: str) -> None:
        """Note that a session gets a claim of that name.

        Raises SpawnRefusedError where something is to be put back into it first.
        """
        spawner = self._spawner
        demand_what_was_lost(claim.notes, spawner.user.name, team, spawner.place)
        self._had[team] = _Had(self._now(), name, claim.uid)

    def last(self, team: str) -> str:
        """Return the uid of the claim that any server of this person had last; empty if none."""
        had = self._last(team)
        return had.uid if had else ""

    def _last(self, team: str) -> _Had | None:
        others = [
            _read(server.state).get(team)
            for name, server in self._spawner.user.orm_spawners.items()
            if name != self._spawner.name
        ]
        found = [each for each in (self._had.get(team), *others) if each]
        return max(found) if found else None

    def state(self) -> Mapping[str, object]:
        """Keep it, also when the session has ended."""
        if not self._had:
            return {}
        kept = {
            team: [written_moment(had.at), had.name, had.uid] for team, had in self._had.items()
        }
        return {_STATE: kept}

    def restore(self, state: Mapping[str, object]) -> None:
        """Take it up again."""
        self._had = _read(state)


def _read(state: Mapping[str, object] | None) -> dict[str, _Had]:
    """Read what is kept with a server; what is of another release is left out."""
    kept = (state or {}).get(_STATE)
    found = {}
    for team, said in kept.items() if isinstance(kept, Mapping) else ():
        try:
            at, name, uid = said
            found[str(team)] = _Had(read_moment(at), str(name), str(uid))
        except (AttributeError, TypeError, ValueError):
            continue
    return found

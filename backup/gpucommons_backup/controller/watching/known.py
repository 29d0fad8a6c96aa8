"""What the watches have found: objects by name, and those that have gone since."""

import asyncio
from datetime import datetime

from gpucommons_contract import NAMESPACE_PREFIX
from gpucommons_upkeep.watch import Manifest

from gpucommons_backup.controller.watching.claims import Key, workspace_of
from gpucommons_backup.controller.watching.due import Cluster
from gpucommons_backup.controller.watching.pods import (
    COMPONENT,
    SESSION,
    SNAPSHOT,
    session_of,
    snapshot_pod_of,
)


class Objects:
    """All objects of one watch, in namespaces of teams."""

    def __init__(self, changed: asyncio.Event, *, keeps_gone: bool = True) -> None:
        """``changed`` is set whenever something has changed.

        ``keeps_gone``: whether somebody asks for what has gone; it is kept until then.
        """
        self.loaded = False
        self._keeps_gone = keeps_gone
        self._changed = changed
        self._found: dict[Key, Manifest] = {}
        self._gone: list[Manifest] = []
        self._unseen: set[str] = set()
        """Uids of objects that we have made, and that the watch has not reported yet."""

    def all(self) -> list[Manifest]:
        """Return the objects that there are."""
        return list(self._found.values())

    def take_gone(self) -> list[Manifest]:
        """Return those that have gone since this was last asked, as they were in the end."""
        gone, self._gone = self._gone, []
        return gone

    def give_back(self, gone: list[Manifest]) -> None:
        """Keep objects that have gone for the next who asks."""
        self._gone = [*gone, *self._gone]

    def replace(self, objects: list[Manifest]) -> None:
        """Take a complete list; what is not in it is gone.

        What we have made meanwhile may not be in it yet, and is missed in the next one only.
        """
        before, unseen = self._found, self._unseen
        self._found = {_key(each): each for each in objects if _is_of_team(each)}
        self._unseen = set()
        uids = {_uid(each) for each in self._found.values()}
        for key, each in before.items():
            if _uid(each) in unseen and key not in self._found:
                self._found[key] = each
            elif _uid(each) not in uids:
                self._note_gone(each)
        self.loaded = True
        self._changed.set()

    def update(self, kind: str, changed: Manifest) -> None:
        """Take one change; kind is ``ADDED``, ``MODIFIED`` or ``DELETED``."""
        if not _is_of_team(changed):
            return
        key, uid = _key(changed), _uid(changed)
        self._unseen.discard(uid)
        before = self._found.get(key)
        is_same = before is not None and _uid(before) == uid
        if kind == "DELETED":
            self._note_gone(changed)
            if is_same:
                del self._found[key]
        else:
            self._found[key] = changed
            if before and not is_same:
                self._note_gone(before)
        self._changed.set()

    def put(self, manifest: Manifest) -> None:
        """Take an answer of the API server, which the watch will report later."""
        key = _key(manifest)
        if key not in self._found:
            self._unseen.add(_uid(manifest))
        self._found[key] = manifest

    def _note_gone(self, manifest: Manifest) -> None:
        if self._keeps_gone:
            self._gone.append(manifest)


def cluster_of(claims: Objects, pods: Objects, now: datetime) -> Cluster:
    """Read what was found."""
    workspaces = filter(None, (workspace_of(each, now) for each in claims.all()))
    sessions = (session_of(each) for each in pods.all() if component(each) == SESSION)
    snapshots = (each for each in pods.all() if component(each) == SNAPSHOT)
    return Cluster(
        workspaces={each.key: each for each in workspaces},
        sessions=tuple(filter(None, sessions)),
        pods=tuple(map(snapshot_pod_of, snapshots)),
    )


def component(pod: Manifest) -> str:
    """Return what a pod is a part of."""
    found: str = (pod["metadata"].get("labels") or {}).get(COMPONENT, "")
    return found


def _is_of_team(manifest: Manifest) -> bool:
    namespace: str = manifest["metadata"]["namespace"]
    return namespace.startswith(NAMESPACE_PREFIX)


def _key(manifest: Manifest) -> Key:
    metadata = manifest["metadata"]
    return metadata["namespace"], metadata["name"]


def _uid(manifest: Manifest) -> str:
    uid: str = manifest["metadata"]["uid"]
    return uid

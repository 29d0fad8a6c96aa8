"""A cluster and a hub in memory, to be interrupted at every step.

For what follows on what, and what is left in between. That a real API server, Dex and hub
take the same calls is tested in tests/hub/people and tests/cluster.
"""

import copy
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from gpucommons_contract import Notice
from gpucommons_people.clients.api_answers import ClusterError
from gpucommons_people.clients.dex_accounts import DexAccounts
from gpucommons_people.clients.hub import Delivery, HubUser, RecheckResult
from gpucommons_people.clients.kinds import (
    CLAIMS,
    KINDS,
    NAMESPACES,
    OFFLINE_SESSIONS,
    PODS,
    REFRESH_TOKENS,
    Kind,
)
from gpucommons_people.clients.workspaces import Workspaces
from gpucommons_people.files.audit import AuditLog
from gpucommons_people.files.configuration import Configuration
from gpucommons_people.files.handout import Handouts
from gpucommons_people.installation import Installation

DEX = "dex"


class Interrupted(BaseException):
    """Somebody pulled the plug."""


class Plug:
    """Counts changes; `pull_after` that many the next one does not happen any more."""

    def __init__(self) -> None:
        self.changes = 0
        self.pull_after: int | None = None

    def change(self) -> None:
        if self.pull_after is not None and self.changes >= self.pull_after:
            raise Interrupted
        self.changes += 1


class MemoryCluster:
    """What `Cluster` offers, on a dict."""

    def __init__(self, plug: Plug) -> None:
        self.objects: dict[tuple[Kind, str | None, str], dict[str, Any]] = {}
        self._plug, self._version = plug, 0

    async def get(self, kind: Kind, name: str, namespace: str | None = None):
        return copy.deepcopy(self.objects.get((kind, namespace, name)))

    async def list(self, kind: Kind, namespace: str | None = None, label: str | None = None):
        found = [
            each
            for (of_kind, where, _), each in self.objects.items()
            if of_kind == kind and namespace in {None, where}
        ]
        name, _, value = (label or "").partition("=")
        labels = [each["metadata"].get("labels", {}) for each in found]
        return [
            copy.deepcopy(each)
            for each, has in zip(found, labels, strict=True)
            if not label or (name in has and value in {"", has[name]})
        ]

    async def create(self, manifest):
        if self._key(manifest) in self.objects:
            raise ClusterError("AlreadyExists", 409)
        return self._put(self._key(manifest), manifest)

    async def apply(self, manifest, *, dry_run=False):
        assert not dry_run, "a plan for a team needs a real API server"
        key = self._key(manifest)
        old = self.objects.get(key)
        expected = manifest["metadata"].get("resourceVersion")
        if expected and (not old or old["metadata"]["resourceVersion"] != expected):
            raise ClusterError("Conflict", 409)
        return self._put(key, {**(old or {}), **manifest})

    async def merge(self, kind, name, namespace, patch):
        found = copy.deepcopy(self.objects[kind, namespace, name])
        expected = patch.get("metadata", {}).get("resourceVersion")
        if expected and found["metadata"]["resourceVersion"] != expected:
            raise ClusterError("Conflict", 409)
        _merge(found, patch)
        return self._put((kind, namespace, name), found)

    async def delete(self, kind, name, namespace=None):
        if (kind, namespace, name) not in self.objects:
            return False
        self._plug.change()
        del self.objects[kind, namespace, name]
        return True

    async def serves(self, kind):
        return True

    def _key(self, manifest):
        metadata = manifest["metadata"]
        return KINDS[manifest["kind"]], metadata.get("namespace"), metadata["name"]

    def _put(self, key, manifest):
        self._plug.change()
        self._version += 1
        stored = copy.deepcopy(manifest)
        stored["metadata"]["resourceVersion"] = str(self._version)
        self.objects[key] = stored
        return copy.deepcopy(stored)


def _merge(into, patch):
    for name, value in patch.items():
        if value is None:
            into.pop(name, None)
        elif isinstance(value, dict):
            _merge(into.setdefault(name, {}), value)
        else:
            into[name] = value


class MemoryHub:
    """What `Hub` offers. Sessions stop after the first look at them; there is no grace."""

    def __init__(self, plug: Plug) -> None:
        self.users: dict[str, tuple[str, ...]] = {}
        self.groups: dict[str, tuple[str, ...]] = {}
        self.never_active: set[str] = set()
        self.since: dict[str, str] = {}
        self.allowed = False
        self.down: Exception | None = None
        self.stops_sessions = True
        self.rechecked: list[tuple[str, float]] = []
        self.stopped: list[tuple[str, str]] = []
        self.notices: dict[str, tuple[Notice, list[str]]] = {}
        self.deaf: list[str] = []
        self._plug, self._stopping = plug, False

    async def user(self, name, *, patient=True):
        if self.down:
            raise self.down
        if name not in self.users:
            return None
        groups = self.groups.get(name, ())
        was_active = name not in self.never_active
        found = HubUser(name, self.users[name], groups, was_active, self.since.get(name, ""))
        if self._stopping and self.stops_sessions:
            self.users[name] = ()
        return found

    async def recheck(self, name, grace_s):
        if name not in self.users:
            return None
        self.rechecked.append((name, grace_s))
        self._stopping = not self.allowed
        return RecheckResult(
            self.allowed, "Dex vouches for them.", self.users[name], stops_at=time.time()
        )

    async def show_notice(self, notice, users=None):
        self._plug.change()
        told = [name for name in self.users if users is None or name in users]
        self.notices[notice.id] = (notice, told)
        return Delivery(tuple(f"{name}/" for name in told), tuple(self.deaf))

    async def withdraw_notice(self, notice_id):
        self._plug.change()
        _, told = self.notices.pop(notice_id, (None, []))
        return Delivery(tuple(f"{name}/" for name in told), ())

    async def stop(self, name, server):
        self._plug.change()
        self.stopped.append((name, server))
        self.users[name] = tuple(each for each in self.users[name] if each != server)

    async def delete_user(self, name):
        self._plug.change()
        return self.users.pop(name, None) is not None


class WatchedHandouts(Handouts):
    """Handouts whose writing and naming are steps that can be interrupted."""

    def __init__(self, folder: Path, plug: Plug) -> None:
        super().__init__(folder)
        self._plug = plug

    def prepare(self, *arguments):
        self._plug.change()
        super().prepare(*arguments)

    def publish(self, *arguments):
        self._plug.change()
        return super().publish(*arguments)


class World:
    """An installation in memory, with ways to put things in and to look at them."""

    def __init__(self, folder: Path) -> None:
        self.plug = Plug()
        self.cluster, self.hub = MemoryCluster(self.plug), MemoryHub(self.plug)
        self.log = folder / "audit.jsonl"
        self.configuration = Configuration(
            address="https://hub.example.org", audit_log=self.log, handouts=folder / "handouts"
        )
        self.it = Installation(
            self.configuration,
            self.cluster,
            DexAccounts(self.cluster, DEX),
            Workspaces(self.cluster),
            WatchedHandouts(folder / "handouts", self.plug),
            AuditLog(self.log, "tester"),
            self.hub,
        )

    def add_team(self, name: str) -> None:
        metadata = {"name": f"team-{name}", "labels": {"gpucommons.io/team": name}}
        self.cluster.objects[NAMESPACES, None, f"team-{name}"] = {"metadata": metadata}

    def add_workspace(self, owner: str, team: str, until: date | None = None) -> None:
        annotations = {"hub.jupyter.org/username": owner}
        if until:
            annotations["gpucommons.io/retain-until"] = until.isoformat()
        name, namespace = f"workspace-{owner.partition('@')[0]}", f"team-{team}"
        self.cluster.objects[CLAIMS, namespace, name] = {
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": {"component": "singleuser-storage"},
                "annotations": annotations,
            },
            "spec": {"resources": {"requests": {"storage": "5Gi"}}, "storageClassName": "fast"},
        }

    def add_session(self, owner: str, team: str, server: str = "") -> None:
        user, namespace = owner.partition("@")[0], f"team-{team}"
        volume = {"persistentVolumeClaim": {"claimName": f"workspace-{user}"}}
        self.cluster.objects[PODS, namespace, f"jupyter-{user}-{server}"] = {
            "metadata": {
                "name": f"jupyter-{user}-{server}",
                "namespace": namespace,
                "labels": {"component": "singleuser-server"},
                "annotations": {"gpucommons.io/user": owner, "gpucommons.io/server": server},
            },
            "spec": {"volumes": [volume, {"emptyDir": {}}]},
        }

    def add_login(self, email: str, user_id: str, connector: str = "local", session=True) -> None:
        token = f"token-{email}-{connector}"
        self.cluster.objects[REFRESH_TOKENS, DEX, token] = {
            "metadata": {"name": token, "namespace": DEX},
            "claims": {"userID": user_id, "email": email},
            "connectorID": connector,
        }
        if session:
            name = f"session-{user_id}-{connector}"
            self.cluster.objects[OFFLINE_SESSIONS, DEX, name] = {
                "metadata": {"name": name, "namespace": DEX},
                "userID": user_id,
                "connID": connector,
            }

    def left(self, kind: Kind) -> list[str]:
        """Names of all objects of a kind."""
        return sorted(name for of_kind, _, name in self.cluster.objects if of_kind == kind)

    async def workspace(self, owner: str, team: str):
        found = [each for each in await self.it.workspaces.of(owner) if each.team == team]
        return found[0] if found else None


async def interrupted_everywhere(make: Callable[[], World], operation, check) -> int:
    """Interrupt an operation before every one of its changes, give it again, check the end.

    make builds a world; operation and check are awaited with it. Returns how many steps
    there were to interrupt.
    """
    steps = 0
    while True:
        world = make()
        world.plug.changes, world.plug.pull_after = 0, steps
        try:
            await operation(world)
        except Interrupted:
            world.plug.pull_after = None
            await operation(world)
            await check(world)
            steps += 1
        else:
            await check(world)
            return steps

"""A cluster, played in memory: pods that come up and go, and an API server that may fail.

It answers what the Kubernetes client would hand on unread, so that all of the spawner's own
reading is real.
"""

import asyncio
import copy
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

import aiohttp
from gpucommons_spawner.pod_state.pod import START
from kubernetes_asyncio.client import ApiClient, ApiException

NAMESPACE = "team-vision"
_UP_SECONDS, _END_SECONDS, _LATE_SECONDS = 1.0, 2.0, 20.0
_PLAIN = ApiClient.__new__(ApiClient)  # for the form of its objects alone
_TEAM = {
    "metadata": {
        "name": NAMESPACE,
        "labels": {"gpucommons.io/team": "vision"},
        "resourceVersion": "1",
    }
}
FAULTS = (
    "refused connection",
    "500",
    "429",
    "403",
    "hang",
    "empty",
    "cut",
    "garbage",
    "404 of a proxy",
    "404 of a namespace",
    "old list",
    "old answers",
    "still cache",
    "lost answer",
    "late",
)
"""Ways in which the API server answers something else than what is so.

With old answers, something between hub and API server says what was so, of all pods and of one,
and the API server no longer knows the version from then.
With a still cache, lists are old and watches tell nothing, while one pod that is read is as it is:
the API server reads that one from etcd.
"""


class Answer:
    """As aiohttp's: a status, and a body that is read or streamed."""

    def __init__(self, status: int, body: object, lines: AsyncIterator[bytes] | None = None):
        self.status, self.ok, self.reason = status, status < 400, "as played"
        self.headers: dict[str, str] = {}
        self._body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.content = SimpleNamespace(iter_any=lambda: lines)

    async def read(self) -> bytes:
        return self._body

    def close(self) -> None:
        pass


class Cluster:
    """Pods by name. ``fault`` is one of FAULTS, or empty while all is well."""

    def __init__(self, allowed_to_end: Callable[[dict[str, Any]], bool]):
        """allowed_to_end: told of each pod that somebody has deleted, before that."""
        self.pods: dict[str, dict[str, Any]] = {}
        self.claims: dict[str, Any] = {}
        self.fault = ""
        self.comes_up = True
        """Whether nodes have pods run that are made from now on."""
        self.reachable = True
        """Whether the hub reaches sessions."""
        self.made: list[str] = []
        """The start of every pod that was made."""
        self.wrong: list[str] = []
        """What was done that must not be."""
        self.allowed = allowed_to_end
        self._version, self._made = 1, 0
        self._watchers: list[asyncio.Queue[dict[str, Any] | None]] = []
        self._log: list[dict[str, Any]] = []
        self._old: tuple[int, list[dict[str, Any]]] | None = None
        self.tasks: set[asyncio.Task[None]] = set()

    # What happens in the cluster

    def set_fault(self, fault: str) -> None:
        self.fault = fault
        if fault:
            self._old = self._old or self._as_now()
            self.break_watches()
        else:
            self._old = None

    def keep_for_old(self) -> None:
        """Have the next fault's old list be what is so now."""
        self._old = self._as_now()

    def _as_now(self) -> tuple[int, list[dict[str, Any]]]:
        return self._version, copy.deepcopy(list(self.pods.values()))

    def break_watches(self) -> None:
        for queue in self._watchers:
            queue.put_nowait(None)

    def create(self, pod: dict[str, Any]) -> bool:
        name = pod["metadata"]["name"]
        if name in self.pods:
            return False
        self._made += 1
        own = {"uid": f"pod-{self._made}", "namespace": NAMESPACE, "creationTimestamp": _now()}
        metadata = pod["metadata"] | own
        made = {"kind": "Pod", "metadata": metadata, "spec": pod["spec"]}
        self.made.append(metadata["annotations"][START])
        self.pods[name] = made | {"status": {"phase": "Pending"}}
        self._tell("ADDED", self.pods[name])
        if self.comes_up:
            self.later(_UP_SECONDS, lambda: self._run(metadata["uid"], name))
        return True

    def delete(self, name: str, uid: str = "", *, at_once: bool = False, asked: bool = True) -> int:
        """Have a pod end; the HTTP status of that. ``asked``: through the API, not by a node."""
        pod = self.pods.get(name)
        if pod is None:
            return 404
        if uid and pod["metadata"]["uid"] != uid:
            return 409
        if asked and not self.allowed(pod):
            self.wrong.append(f"nobody asked to end {name}, and the hub did")
        if at_once or pod["status"]["phase"] == "Pending":
            self._remove(pod["metadata"]["uid"], name)
        elif "deletionTimestamp" not in pod["metadata"]:
            pod["metadata"]["deletionTimestamp"] = "2999-01-01T00:00:00Z"
            self._tell("MODIFIED", pod)
            self.later(_END_SECONDS, lambda: self._remove(pod["metadata"]["uid"], name))
        return 200

    def _run(self, uid: str, name: str) -> None:
        pod = self.pods.get(name)
        if pod and pod["metadata"]["uid"] == uid and "deletionTimestamp" not in pod["metadata"]:
            container = {"name": "notebook", "ready": True, "state": {"running": {}}}
            pod["status"] = {
                "phase": "Running",
                "podIP": f"10.0.0.{self._made % 250 + 1}",
                "containerStatuses": [container],
            }
            self._tell("MODIFIED", pod)

    def _remove(self, uid: str, name: str) -> None:
        if name in self.pods and self.pods[name]["metadata"]["uid"] == uid:
            self._tell("DELETED", self.pods.pop(name))

    def _tell(self, kind: str, pod: dict[str, Any]) -> None:
        self._version += 1
        pod["metadata"]["resourceVersion"] = str(self._version)
        event = {"type": kind, "object": copy.deepcopy(pod)}
        self._log.append(event)
        for queue in self._watchers:
            queue.put_nowait(event)

    def later(self, seconds: float, do: Callable[[], object]) -> None:
        async def wait() -> None:
            await asyncio.sleep(seconds)
            do()

        task = asyncio.create_task(wait())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    # What the API server says

    def api(self) -> "PlayedAPI":
        return PlayedAPI(self)

    async def events(self, since: int, seconds: float) -> AsyncIterator[bytes]:
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        if self.fault == "still cache":
            await asyncio.sleep(seconds)
            return
        if self.fault == "old answers" and self._old and since <= self._old[0]:
            expired = {"kind": "Status", "code": 410, "metadata": {}}
            yield json.dumps({"type": "ERROR", "object": expired}).encode() + b"\n"
            return
        for event in self._log:
            if int(event["object"]["metadata"]["resourceVersion"]) > since:
                queue.put_nowait(event)
        self._watchers.append(queue)
        try:
            async with asyncio.timeout(seconds):
                while (event := await queue.get()) is not None:
                    yield json.dumps(event).encode() + b"\n"
        except TimeoutError:
            return
        finally:
            self._watchers.remove(queue)

    @property
    def _is_old(self) -> bool:
        return self.fault in ("old list", "old answers", "still cache")

    def read(self, name: str) -> dict[str, Any] | None:
        """One pod, as it is or as something says that it was; what was not is not kept."""
        kept = self._old[1] if self.fault == "old answers" and self._old else []
        before = next((pod for pod in kept if pod["metadata"]["name"] == name), None)
        if before and "deletionTimestamp" in before["metadata"]:
            before["metadata"]["deletionTimestamp"] = "2000-01-01T00:00:00Z"  # its time is over
        return before or self.pods.get(name)

    def listed(self) -> dict[str, Any]:
        version, items = self._old if self._is_old and self._old else self._as_now()
        return _list("PodList", [] if self.fault == "empty" else copy.deepcopy(items), version)


class PlayedAPI:
    """The client's CoreV1Api of one hub. A hub that was killed says and hears nothing more."""

    def __init__(self, cluster: Cluster):
        self._cluster = cluster
        self.dead = False

    async def _meet_fault(self, *, lists: bool = False) -> Answer | None:
        """Answer what a fault answers; None if the API server itself does."""
        fault = self._cluster.fault
        if self.dead:
            await asyncio.Event().wait()
        await asyncio.sleep(0.01)
        if fault == "refused connection":
            raise aiohttp.ClientConnectionError("refused")
        if fault == "hang":
            await asyncio.sleep(10)
            raise TimeoutError
        if fault in ("500", "429", "403"):
            return Answer(int(fault), {"kind": "Status", "code": int(fault), "message": "no"})
        if fault == "404 of a proxy":
            return Answer(404, b"<html>not found</html>")
        if fault == "404 of a namespace":
            details = {"kind": "namespaces", "name": NAMESPACE}
            return Answer(404, {"kind": "Status", "reason": "NotFound", "details": details})
        if fault == "garbage" or (fault == "empty" and not lists):
            return Answer(200, b"[" if fault == "garbage" else {})
        if fault == "cut":
            return Answer(200, json.dumps(self._cluster.listed()).encode()[:-20])
        return None

    async def _list(self, whole: dict[str, Any], *, watch: bool, events: Any) -> Answer:
        broken = await self._meet_fault(lists=True)
        if broken:
            return broken
        return Answer(200, b"", events()) if watch else Answer(200, whole)

    async def list_pod_for_all_namespaces(
        self,
        *,
        resource_version: str | None,
        watch: bool = False,
        timeout_seconds: float = 0,
        **_query: Any,
    ) -> Answer:
        events = partial(self._cluster.events, int(resource_version or 0), timeout_seconds)
        return await self._list(self._cluster.listed(), watch=watch, events=events)

    async def list_event_for_all_namespaces(self, *, watch: bool = False, **_query: Any) -> Answer:
        return await self._list(_list("EventList", []), watch=watch, events=_silence)

    async def list_namespace(self, *, watch: bool = False, **_query: Any) -> Answer:
        if self._cluster.fault == "empty":
            raise aiohttp.ClientConnectionError("no teams, no starts: not what is tried here")
        return await self._list(_list("NamespaceList", [_TEAM]), watch=watch, events=_silence)

    async def read_namespaced_pod(self, name: str, _namespace: str, **_query: Any) -> Answer:
        if broken := await self._meet_fault():
            return broken
        pod = self._cluster.read(name)
        return Answer(200, pod) if pod else _not_found(name)

    async def delete_namespaced_pod(
        self, name: str, _namespace: str, *, body: dict[str, Any], **_query: Any
    ) -> Answer:
        def do() -> int:
            uid = body.get("preconditions", {}).get("uid", "")
            now = body.get("gracePeriodSeconds") == 0
            return self._cluster.delete(name, uid, at_once=now)

        status = await self._change(do)
        if isinstance(status, Answer):
            return status
        kind = {"kind": "Status", "code": status}
        return _not_found(name) if status == 404 else Answer(status, kind)

    async def create_namespaced_pod(self, _namespace: str, pod: Any, **_query: Any) -> Answer:
        written = ApiClient.sanitize_for_serialization(_PLAIN, pod)
        made = await self._change(lambda: self._cluster.create(written))
        if isinstance(made, Answer):
            return made
        return Answer(201, {}) if made else Answer(409, {"kind": "Status", "code": 409})

    async def _change(self, do: Callable[[], Any]) -> Any:
        """Do it, or not, or later; and say so, or not."""
        fault = self._cluster.fault
        if fault == "late":
            self._cluster.later(_LATE_SECONDS, do)
            await asyncio.sleep(10)
            raise TimeoutError
        if broken := await self._meet_fault():
            return broken
        done = do()
        if fault == "lost answer":
            raise aiohttp.ServerDisconnectedError
        return done

    async def create_namespaced_persistent_volume_claim(
        self, namespace: str, body: Any
    ) -> SimpleNamespace:
        if broken := await self._meet_fault():
            raise ApiException(status=broken.status)
        if body.metadata.name in self._cluster.claims:
            raise ApiException(status=409)
        spec = SimpleNamespace(access_modes=["ReadWriteMany"])
        claim = SimpleNamespace(metadata=body.metadata, spec=spec)
        return self._cluster.claims.setdefault(body.metadata.name, claim)

    async def read_namespaced_persistent_volume_claim(self, name: str, namespace: str) -> Any:
        if broken := await self._meet_fault():
            raise ApiException(status=broken.status)
        return self._cluster.claims[name]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


async def _silence() -> AsyncIterator[bytes]:
    await asyncio.sleep(300)
    return
    yield b""


def _list(kind: str, items: list[Any], version: int = 1) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"resourceVersion": str(version)}, "items": items}


def _not_found(name: str) -> Answer:
    details = {"kind": "pods", "name": name}
    body = {"kind": "Status", "code": 404, "reason": "NotFound", "details": details}
    return Answer(404, body)

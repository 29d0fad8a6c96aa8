"""The node's pods by their addresses: a client is recognized by its address alone."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

_SESSION_CONTAINER = "notebook"
"""Name that KubeSpawner gives the container of a session."""


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod that may ask. ``container`` is the ID of its session's container, once it runs."""

    uid: str
    addresses: frozenset[str]
    container: str | None

    @classmethod
    def read(cls, manifest: Mapping[str, Any]) -> Self | None:
        """Read a manifest of the API server; None for a pod without an address of its own."""
        spec, status = manifest["spec"], manifest.get("status", {})
        if spec.get("hostNetwork") or status.get("phase") in ("Succeeded", "Failed"):
            return None
        addresses = frozenset(each["ip"] for each in status.get("podIPs") or () if each.get("ip"))
        if not addresses:
            return None
        named = (
            each.get("containerID", "").rpartition("//")[2]
            for each in status.get("containerStatuses") or ()
            if each["name"] == _SESSION_CONTAINER
        )
        return cls(manifest["metadata"]["uid"], addresses, next(named, "") or None)


class PodTable:
    """Pods by address. Written by the thread that follows the API server, read by others."""

    def __init__(self) -> None:
        self._pods: dict[str, Pod] | None = None
        self._lock = threading.Lock()

    @property
    def known(self) -> bool:
        """Whether the pods are known; without them no request can be answered."""
        return self._pods is not None

    def replace(self, manifests: Iterable[Mapping[str, Any]]) -> None:
        """Start over with all pods of the node."""
        pods = (Pod.read(each) for each in manifests)
        with self._lock:
            self._pods = {pod.uid: pod for pod in pods if pod}

    def change(self, manifest: Mapping[str, Any], *, deleted: bool) -> None:
        """Apply one pod's change."""
        pod = None if deleted else Pod.read(manifest)
        with self._lock:
            pods = {} if self._pods is None else self._pods
            pods.pop(manifest["metadata"]["uid"], None)
            if pod:
                pods[pod.uid] = pod
            self._pods = pods

    def forget(self) -> None:
        """Forget everything: an address may belong to another pod by now."""
        with self._lock:
            self._pods = None

    def at(self, address: str) -> Pod | None:
        """Return the pod that has this address; None if there is none, or more than one."""
        with self._lock:
            found = [pod for pod in (self._pods or {}).values() if address in pod.addresses]
        return found[0] if len(found) == 1 else None

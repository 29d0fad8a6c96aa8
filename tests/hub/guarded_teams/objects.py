"""Objects in a team's namespace, each of which is let in but for what is said."""

import json
from typing import Any

from tests.unit.spawner.conftest import FULL

GOLDEN = FULL.with_name("golden")
TEAM = "team-vision"
USUAL_PRIORITY = "usual"
"""The PriorityClass that the API server gives to pods which name none."""
IMAGE = "example/scipy:2026.11"
DIGEST = "sha256:" + "0" * 64

Body = dict[str, Any]


def pod(
    name: str = "mine",
    labels: Body | None = None,
    annotations: Body | None = None,
    container: Body | None = None,
    **spec: Any,
) -> Body:
    """A pod of the team without a GPU."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "labels": {"gpucommons.io/team": "vision", **(labels or {})},
            "annotations": annotations or {},
        },
        "spec": {
            "automountServiceAccountToken": False,
            "containers": [main_container() | (container or {})],
            **spec,
        },
    }


def main_container(**more: Any) -> Body:
    return {
        "name": "main",
        "image": IMAGE,
        "securityContext": {"allowPrivilegeEscalation": False},
        "env": [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"}],
        **more,
    }


def secured(**more: Any) -> Body:
    """What of a container is about privileges."""
    return {"securityContext": {"allowPrivilegeEscalation": False, **more}}


def with_gpu(**limits: str) -> Body:
    """What of a container asks for GPUs."""
    named = {
        f"nvidia.com/{name.replace('__', '.').replace('_', '-')}": n for name, n in limits.items()
    }
    return {"resources": {"limits": named}, "env": []}


def volume(**source: Any) -> Body:
    """What of a pod is a volume."""
    return {"volumes": [{"name": "more", **source}]}


def size(name: str, mode: str, units: str) -> Body:
    """The labels of a size."""
    said = {"size": name, "gpu-mode": mode, "gpu-units": units}
    return {f"gpucommons.io/{key}": value for key, value in said.items()}


def session(name: str) -> Body:
    """A pod as the spawner makes it."""
    return json.loads((GOLDEN / f"{name}.json").read_text())


def sessions() -> list[str]:
    """Names of the sessions that there are."""
    return sorted(each.stem for each in GOLDEN.glob("*.json"))


def notebook(**more: Any) -> Body:
    """The container of a session, otherwise than it is."""
    (container,) = session("cpu")["spec"]["containers"]
    return {**container, **more}


def claim(name: str = "mine", annotations: Body | None = None, **spec: Any) -> Body:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": TEAM, "annotations": annotations or {}},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            **spec,
        },
    }


def service(**spec: Any) -> Body:
    ports = [{"port": 80}]
    return {"metadata": {"name": "mine"}, "spec": {"ports": ports, "selector": {"a": "b"}, **spec}}


def ingress(path: str, name: str = "mine", /, **annotations: str) -> Body:
    backend = {"service": {"name": "mine", "port": {"number": 80}}}
    paths = [{"path": path, "pathType": "Prefix", "backend": backend}]
    return {
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"rules": [{"host": "hub.example.org", "http": {"paths": paths}}]},
    }

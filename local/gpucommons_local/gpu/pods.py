"""Pieces of which the manifests of node programs are put together."""

from collections.abc import Container, Mapping, Sequence
from typing import TypeAlias

Manifest: TypeAlias = dict[str, object]
_Part: TypeAlias = Mapping[str, object]


def environment(settings: Mapping[str, str]) -> list[_Part]:
    """Variables of a container."""
    return [{"name": name, "value": value} for name, value in settings.items()]


def _volume_name(mount_path: str) -> str:
    return mount_path.strip("/").replace("/", "-").lower().replace(".", "-")


def host_mounts(
    mounts: Mapping[str, str], *, read_only: Container[str] = (), propagated: Container[str] = ()
) -> list[_Part]:
    """Mounts of a container: path in the container to folder of the node.

    What the container mounts below a propagated path appears on the node.
    """
    return [
        {
            "name": _volume_name(path),
            "mountPath": path,
            **({"readOnly": True} if path in read_only else {}),
            **({"mountPropagation": "Bidirectional"} if path in propagated else {}),
        }
        for path in mounts
    ]


def host_volumes(mounts: Mapping[str, str]) -> list[_Part]:
    """Volumes of a pod for the same mounts. A folder that is not there is made."""
    return [
        {
            "name": _volume_name(path),
            "hostPath": {"path": folder, "type": "DirectoryOrCreate"},
        }
        for path, folder in mounts.items()
    ]


def container(
    name: str,
    image: str,
    command: Sequence[str],
    *,
    env: Sequence[_Part] = (),
    mounts: Sequence[_Part] = (),
    privileged: bool = False,
) -> Manifest:
    """Describe a container; unless privileged, it may do nothing special."""
    restricted: _Part = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": list(command),
        "env": list(env),
        "volumeMounts": list(mounts),
        "securityContext": {"privileged": True} if privileged else restricted,
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
    }


def daemon_set(
    name: str,
    namespace: str,
    containers: Sequence[_Part],
    volumes: Sequence[_Part],
    *,
    init_containers: Sequence[_Part] = (),
    node_selector: Mapping[str, str] | None = None,
) -> Manifest:
    """Describe a program that runs on every node, whatever its taints, before any session."""
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "gpu-commons"}
    spec = {
        "automountServiceAccountToken": False,
        "priorityClassName": "system-node-critical",
        "tolerations": [{"operator": "Exists"}],
        "nodeSelector": dict(node_selector or {}),
        "initContainers": list(init_containers),
        "containers": list(containers),
        "volumes": list(volumes),
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
            "updateStrategy": {"type": "RollingUpdate"},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }

"""What a pod lacks for the Pod Security Standard restricted. Pure.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from collections.abc import Iterator, Mapping
from typing import Any

Spec = Mapping[str, Any]

_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
    "projected", "secret",
}  # fmt: skip


def lacks_for_restricted(pod: Spec) -> list[str]:
    """Name what the standard asks and a pod's specification does not say."""
    return list(_of_pod(pod))


def _of_pod(pod: Spec) -> Iterator[str]:
    for each in ("hostPID", "hostIPC", "hostNetwork"):
        if pod.get(each):
            yield f"{each} is set"
    for volume in pod.get("volumes") or ():
        if not set(volume) - {"name"} <= _VOLUMES:
            yield f"volume {volume['name']} is of a kind that is not allowed"
    shared = pod.get("securityContext") or {}
    for container in (*(pod.get("initContainers") or ()), *pod["containers"]):
        for lack in _of_container(container, shared):
            yield f"{container['name']}: {lack}"


def _of_container(container: Spec, shared: Spec) -> Iterator[str]:
    own = container.get("securityContext") or {}
    both = {**shared, **own}
    if own.get("privileged") or own.get("allowPrivilegeEscalation") is not False:
        yield "it may gain privileges"
    if (own.get("capabilities") or {}).get("drop") != ["ALL"]:
        yield "it keeps capabilities"
    if set((own.get("capabilities") or {}).get("add") or ()) - {"NET_BIND_SERVICE"}:
        yield "it adds capabilities"
    if both.get("runAsNonRoot") is not True or both.get("runAsUser") == 0:
        yield "it may run as root"
    if (both.get("seccompProfile") or {}).get("type") not in {"RuntimeDefault", "Localhost"}:
        yield "it has no seccomp profile"
    if any("hostPort" in each for each in container.get("ports") or ()):
        yield "it takes a port of the node"

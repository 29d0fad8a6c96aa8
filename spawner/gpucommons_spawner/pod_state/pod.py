"""A session's pod: which start it is of, and whether it runs. Pure."""

from datetime import datetime, timedelta

from gpucommons_contract.labels import PREFIX

from gpucommons_spawner.kubernetes.manifest import Manifest

START = PREFIX + "start"
"""Annotation that tells the pod of one start from an earlier one of the same name."""
SESSION = "notebook"
"""KubeSpawner's name of the container in which the session runs; others may be next to it."""
_OVER = ("Succeeded", "Failed", "Unknown")
_LATE = timedelta(seconds=30)
"""How late a kubelet that is alive may be with a deletion. Its pod's grace is over before that."""


def start_of(pod: Manifest) -> str:
    """Return which start a pod is of; empty if it is not one of ours."""
    return str((pod["metadata"].get("annotations") or {}).get(START, ""))


def is_over(pod: Manifest) -> bool:
    """Whether the pod has ended, whatever its containers are said to do.

    Of a node that was lost nobody hears what became of them. ``Unknown`` is such a pod.
    """
    return pod.get("status", {}).get("phase") in _OVER


def is_told(pod: Manifest) -> bool:
    """Whether the pod says of its containers how they are, or waits for that to begin."""
    status = pod.get("status", {})
    return status.get("phase") == "Pending" or bool(status.get("containerStatuses"))


def exit_code(pod: Manifest) -> int | None:
    """Return the exit code of the session's program; None if it has not ended."""
    code = None
    for container in pod.get("status", {}).get("containerStatuses") or ():
        if container.get("name") == SESSION and "terminated" in container.get("state", {}):
            code = int(container["state"]["terminated"].get("exitCode", 1))
    return code


def is_lost(pod: Manifest, now: datetime) -> bool:
    """Whether the pod should be gone by now, and its node does not say that it is."""
    due = pod["metadata"].get("deletionTimestamp")
    return due is not None and now > datetime.fromisoformat(due) + _LATE

"""Objects of Kueue's, and pods with a GPU that are queued beside the hub."""

import json
import subprocess
from typing import Any

from gpucommons_local.images import PAUSE
from gpucommons_local.machine.programs import program

from tests.platform import LocalPlatform

TEAM = "team-researchers"
"""The namespace of the pods."""
URGENT = {
    "apiVersion": "kueue.x-k8s.io/v1beta2",
    "kind": "WorkloadPriorityClass",
    "metadata": {"name": "urgent"},
    "value": 1000,
}


def queued_pod(name: str, priority: str | None = None) -> dict[str, Any]:
    """A pod that asks for a GPU and does nothing with it."""
    restricted = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {
        "name": "pause",
        "image": PAUSE.reference(),
        "resources": {"limits": {"nvidia.com/gpu": "1", "cpu": "10m", "memory": "16Mi"}},
        "securityContext": restricted,
    }
    labels = {"kueue.x-k8s.io/queue-name": "sessions"}
    if priority:
        labels["kueue.x-k8s.io/priority-class"] = priority
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": TEAM, "labels": labels},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
    }


def apply(platform: LocalPlatform, manifest: dict[str, Any]) -> None:
    """Make an object, or change it to this."""
    command = [str(program("kubectl")), "--kubeconfig", str(platform.kubeconfig)]
    text = json.dumps(manifest)
    subprocess.run([*command, "apply", "-f", "-"], input=text, text=True, check=True)

"""The agent that shows sessions their processes on the GPU, as an add-on of the cluster.

Its objects are those of ``cluster/gpu-processes``, the same as on a real cluster.
"""

import json
import subprocess
from collections.abc import Mapping
from typing import Any

import yaml

from gpucommons_local.cluster.kubernetes import kubectl
from gpucommons_local.images.table import NODE_AGENT
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.instance import Instance
from gpucommons_local.machine.programs import program

GPU_PROCESSES_URL = "http://gpu-processes.gpucommons-node.svc:8890"

_FOLDER = checkout() / "cluster" / "gpu-processes"


def gpu_processes_objects(_instance: Instance, images: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the agent's objects, with the image that was built here."""
    command = [str(program("kubectl")), "kustomize", str(_FOLDER)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    objects = list(yaml.safe_load_all(output))
    for each in objects:
        if each["kind"] == "DaemonSet":
            (agent,) = each["spec"]["template"]["spec"]["containers"]
            agent["image"] = images[NODE_AGENT.name]
    return objects


def agent_missing(instance: Instance) -> str | None:
    """Say what is missing until the agent answers."""
    where = ("daemonset/gpu-processes", "-n", "gpucommons-node", "-o", "json")
    status = json.loads(kubectl(instance, "get", *where)).get("status", {})
    return None if status.get("numberReady") else "the agent of the node does not answer"

"""The agent that shows sessions their processes on the GPU, as an add-on of the cluster.

Its objects are those of ``cluster/gpu-processes``, the same as on a real cluster.
"""

import json
from collections.abc import Mapping

from gpucommons_local.cluster.kubernetes import Manifest, kubectl, kustomized
from gpucommons_local.images.table import NODE_AGENT
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.instance import Instance

GPU_PROCESSES_URL = "http://gpu-processes.gpucommons-node.svc:8890"

_FOLDER = checkout() / "cluster" / "gpu-processes"


def gpu_processes_objects(instance: Instance, images: Mapping[str, str]) -> list[Manifest]:
    """Return the agent's objects, with the image that was built here, and the API server's port."""
    objects = kustomized(_FOLDER)
    for each in objects:
        if each["kind"] == "DaemonSet":
            (agent,) = each["spec"]["template"]["spec"]["containers"]
            agent["image"] = images[NODE_AGENT.name]
        if each["kind"] == "NetworkPolicy":
            port = {"protocol": "TCP", "port": instance.api_port}
            each["spec"]["egress"].append({"ports": [port]})
    return objects


def agent_missing(instance: Instance) -> str | None:
    """Say what is missing until the agent answers."""
    where = ("daemonset/gpu-processes", "-n", "gpucommons-node", "-o", "json")
    status = json.loads(kubectl(instance, "get", *where)).get("status", {})
    return None if status.get("numberReady") else "the agent of the node does not answer"

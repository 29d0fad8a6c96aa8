"""Kueue, and the one queue for the GPUs of this node, as an add-on of the cluster.

The objects are those of Kueue's own module, with less of them: here it looks at nothing
but pods that ask for a place in a queue, in the namespaces of teams.
"""

import copy
import hashlib
import json
from collections.abc import Mapping

import yaml
from gpucommons_contract import Label

from gpucommons_local.cluster.kubernetes import Manifest, apply, kubectl
from gpucommons_local.gpu.plugin import GPUStack, expected_allocatable
from gpucommons_local.images import Files, Image
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.instance import Instance
from gpucommons_local.machine.programs import kueue_objects, programs_folder

QUEUE = "gpucommons"
"""Name of the ClusterQueue that the teams' LocalQueues lead to."""

CLAIMED = "nvidia.com/claimed-gpu"
"""What Kueue calls a GPU that a pod claims by DRA. This node has none; the tests add some."""

_API = "kueue.x-k8s.io/v1beta2"
_FLAVOR = "gpus"
_CONFIG = "controller_manager_config.yaml"
_TEAMS = {"matchExpressions": [{"key": str(Label.TEAM), "operator": "Exists"}]}
_QUEUED = {"matchExpressions": [{"key": "kueue.x-k8s.io/queue-name", "operator": "Exists"}]}
_OWN_KINDS = ("clusterqueues", "cohorts", "resourceflavors", "workloads")


def kueue_image() -> Image:
    """Describe the image of Kueue's controller; the program must be built."""
    return Image(
        name="kueue",
        version="0.18.3",
        containerfile="Containerfile",
        context=(
            Files(checkout() / "local" / "kueue", ("Containerfile",)),
            Files(programs_folder() / "bin", ("kueue",)),
        ),
    )


def kueue_manifests(_instance: Instance, images: Mapping[str, str]) -> list[Manifest]:
    """Return Kueue's objects, adjusted to this platform."""
    return adjusted(kueue_objects(), images["kueue"])


def queue_missing(instance: Instance) -> str | None:
    """Make the queue, which Kueue's webhooks must let through; says what is missing."""
    try:
        apply(instance, queue_objects(instance))
    except RuntimeError as error:  # until the controller answers
        return str(error)
    queue = json.loads(kubectl(instance, "get", "clusterqueue", QUEUE, "-o", "json"))
    conditions = queue.get("status", {}).get("conditions", ())
    active = any(each["type"] == "Active" and each["status"] == "True" for each in conditions)
    return None if active else f"the ClusterQueue {QUEUE} is not active"


def queue_objects(instance: Instance) -> list[Manifest]:
    """Return the one queue: as many GPUs and shares as the node offers."""
    quotas = [
        {"name": resource, "nominalQuota": count}
        for resource, count in expected_allocatable(GPUStack.of(instance)).items()
    ]
    group = {
        "coveredResources": [each["name"] for each in quotas],
        "flavors": [{"name": _FLAVOR, "resources": quotas}],
    }
    return [
        {"apiVersion": _API, "kind": "ResourceFlavor", "metadata": {"name": _FLAVOR}},
        {
            "apiVersion": _API,
            "kind": "ClusterQueue",
            "metadata": {"name": QUEUE},
            "spec": {
                "namespaceSelector": _TEAMS,
                "resourceGroups": [group],
                "preemption": {"withinClusterQueue": "LowerPriority"},
            },
        },
    ]


def adjusted(objects: list[Manifest], image: str) -> list[Manifest]:
    """Fit Kueue's objects: our image and configuration, and webhooks for queued pods alone."""
    objects = copy.deepcopy(objects)
    config = next(each for each in objects if _CONFIG in each.get("data", {}))
    config["data"][_CONFIG] = _configuration(config["data"][_CONFIG])
    digest = hashlib.sha256(config["data"][_CONFIG].encode()).hexdigest()[:12]
    for each in objects:
        if each["kind"] == "Deployment":
            _adjust_controller(each["spec"], image, digest)
        elif each["kind"].endswith("WebhookConfiguration"):
            each["webhooks"] = _webhooks(each["webhooks"])
    return objects


def _configuration(upstream: str) -> str:
    """Queue pods that ask for it, for their GPUs alone, also for those that are claimed."""
    settings = yaml.safe_load(upstream)
    settings["integrations"] = {"frameworks": ["pod"]}
    settings["manageJobsWithoutQueueName"] = False
    settings["managedJobsNamespaceSelector"] = _TEAMS
    settings["resources"] = {
        "excludeResourcePrefixes": ["cpu", "memory", "ephemeral-storage"],
        "deviceClassMappings": [{"name": CLAIMED, "deviceClassNames": ["gpu.nvidia.com"]}],
    }
    # One controller has nobody to agree with, and starts 15 s sooner after a hard end.
    settings["leaderElection"]["leaderElect"] = False
    settings["controller"]["groupKindConcurrency"].pop("Job.batch", None)
    return yaml.safe_dump(settings)


def _adjust_controller(spec: Manifest, image: str, configuration: str) -> None:
    """Set image and modest requests. A new configuration makes a new pod, after the old one."""
    spec["strategy"] = {"type": "Recreate"}
    template = spec["template"]
    template["metadata"].setdefault("annotations", {})["gpucommons.io/config"] = configuration
    (manager,) = template["spec"]["containers"]
    manager["image"] = image
    manager["imagePullPolicy"] = "IfNotPresent"
    manager["resources"]["requests"] = {"cpu": "50m", "memory": "128Mi"}
    manager["readinessProbe"].update(initialDelaySeconds=1, periodSeconds=1)


def _webhooks(upstream: list[Manifest]) -> list[Manifest]:
    """Keep those for Kueue's own kinds, and for pods that are queued.

    While the controller is away, all that these are asked about is refused: sessions without
    a GPU, and whatever else the cluster runs, must not be among it.
    """
    narrowed = {"namespaceSelector": _TEAMS, "objectSelector": _QUEUED}
    kept = []
    for webhook in upstream:
        kinds = {kind for rule in webhook["rules"] for kind in rule["resources"]}
        if kinds == {"pods"}:
            kept.append({**webhook, **narrowed})
        elif not kinds.isdisjoint(_OWN_KINDS):
            kept.append(webhook)
    return kept

"""Objects of Kubernetes that checks look at: where they are kept, and how they are read."""

from collections.abc import Iterable, Mapping
from typing import Any

from gpucommons_people.clients.kinds import Kind, Manifest

NODES = Kind("v1", "nodes", namespaced=False)
SERVICES = Kind("v1", "services")
DEPLOYMENTS = Kind("apps/v1", "deployments")
LEASES = Kind("coordination.k8s.io/v1", "leases")
ENDPOINT_SLICES = Kind("discovery.k8s.io/v1", "endpointslices")
LIMIT_RANGES = Kind("v1", "limitranges")
INGRESSES = Kind("networking.k8s.io/v1", "ingresses")
NETWORK_POLICIES = Kind("networking.k8s.io/v1", "networkpolicies")
RUNTIME_CLASSES = Kind("node.k8s.io/v1", "runtimeclasses", namespaced=False)
STORAGE_CLASSES = Kind("storage.k8s.io/v1", "storageclasses", namespaced=False)
SNAPSHOT_CLASSES = Kind("snapshot.storage.k8s.io/v1", "volumesnapshotclasses", namespaced=False)
DEVICE_CLASSES = Kind("resource.k8s.io/v1", "deviceclasses", namespaced=False)
RESOURCE_SLICES = Kind("resource.k8s.io/v1", "resourceslices", namespaced=False)
CLAIM_TEMPLATES = Kind("resource.k8s.io/v1", "resourceclaimtemplates")
CLUSTER_QUEUES = Kind("kueue.x-k8s.io/v1beta2", "clusterqueues", namespaced=False)
PENDING_WORKLOADS = Kind("visibility.kueue.x-k8s.io/v1beta2", "localqueues/pendingworkloads")
VALIDATING = Kind(
    "admissionregistration.k8s.io/v1", "validatingwebhookconfigurations", namespaced=False
)
ADMISSION_POLICIES = Kind(
    "admissionregistration.k8s.io/v1", "validatingadmissionpolicies", namespaced=False
)
ADMISSION_BINDINGS = Kind(
    "admissionregistration.k8s.io/v1", "validatingadmissionpolicybindings", namespaced=False
)
MUTATING = Kind(
    "admissionregistration.k8s.io/v1", "mutatingwebhookconfigurations", namespaced=False
)


def name_of(manifest: Manifest) -> str:
    """Return an object's name."""
    return str(manifest["metadata"]["name"])


def labels_of(manifest: Manifest) -> Mapping[str, str]:
    """Return an object's labels; the API server leaves the field out where there are none."""
    return manifest["metadata"].get("labels") or {}


def annotations_of(manifest: Manifest) -> Mapping[str, str]:
    """Return an object's annotations."""
    return manifest["metadata"].get("annotations") or {}


def spec_of(manifest: Manifest) -> Mapping[str, Any]:
    """Return an object's spec."""
    return manifest.get("spec") or {}


def condition_of(manifest: Manifest, kind: str) -> Mapping[str, str] | None:
    """Return a condition of an object's status by its type; None if it says nothing of it."""
    conditions: Iterable[Mapping[str, str]] = (manifest.get("status") or {}).get("conditions") or ()
    return next((each for each in conditions if each["type"] == kind), None)


def is_true(condition: Mapping[str, str] | None) -> bool:
    """Return whether a condition is there and holds."""
    return condition is not None and condition["status"] == "True"


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Return whether a label selector fits; an empty one fits all.

    Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
    #label-selectors
    """
    equal = all(labels.get(k) == v for k, v in (selector.get("matchLabels") or {}).items())
    return equal and all(_holds(each, labels) for each in selector.get("matchExpressions") or ())


def _holds(rule: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    found, values = labels.get(rule["key"]), rule.get("values") or ()
    match rule["operator"]:
        case "In":
            return found in values
        case "NotIn":
            return found not in values
        case "Exists":
            return found is not None
        case _:
            return found is None

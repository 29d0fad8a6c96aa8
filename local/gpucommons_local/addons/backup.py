"""What the snapshots of workspaces need in the cluster, as an add-on of it.

The rights are those of ``cluster/backup``, the same as on a real cluster. The controller itself
runs beside the hub, as all programs of ours do here.
"""

from collections.abc import Mapping

from gpucommons_local.cluster.kubernetes import Manifest, kustomized
from gpucommons_local.cluster.namespaces import NAMESPACE
from gpucommons_local.cluster.rights import token_missing, token_object
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.instance import Instance

IMAGE = "backup"
_ACCOUNT = "backup"
_RUN_IN_PODS = {"CronJob", "Deployment", "NetworkPolicy", "Service", "PodDisruptionBudget"}


def backup_objects(_instance: Instance, images: Mapping[str, str]) -> list[Manifest]:
    """Return the account and its rights, and which image its pods may have."""
    rights = [
        each
        for each in kustomized(checkout() / "cluster" / "backup")
        if each["kind"] not in _RUN_IN_PODS
    ]
    allowed = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "backup", "namespace": NAMESPACE},
        "data": {"image": images[IMAGE]},
    }
    return [*rights, allowed, token_object(_ACCOUNT, NAMESPACE)]


def backup_missing(instance: Instance) -> str | None:
    """Write the account's kubeconfig once it has a token; says what is missing until then."""
    return token_missing(instance, _ACCOUNT, NAMESPACE)

"""The rule on a pod that keeps it on the node where its person's files are open.

It stands on each session whose claim one node at a time can use, and so tells of such a claim.
"""

from collections.abc import Mapping

from gpucommons_spawner.kubernetes.manifest import Manifest

_WHOSE = "hub.jupyter.org/username"
_WHAT = "component"
"""Labels that KubeSpawner gives each session."""


def near_files(labels: Mapping[str, str]) -> Manifest:
    """Return a pod affinity's term: be where the other sessions of this person in this team are.

    labels: the pod's own.
    """
    same = {key: labels[key] for key in (_WHOSE, _WHAT)}
    return {"labelSelector": {"matchLabels": same}, "topologyKey": "kubernetes.io/hostname"}


def is_near_files(pod: Manifest) -> bool:
    """Whether the rule stands on a pod: one node at a time can use the files that it has."""
    near = (pod["spec"].get("affinity") or {}).get("podAffinity") or {}
    terms = near.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
    labels = pod["metadata"].get("labels") or {}
    return labels.keys() >= {_WHOSE, _WHAT} and near_files(labels) in terms

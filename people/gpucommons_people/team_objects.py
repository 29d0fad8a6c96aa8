"""A team as Kubernetes objects, and back. Pure; there is no other record of a team."""

import copy
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import yaml
from gpucommons_contract import Annotation, Label, team_namespace

from gpucommons_people.team import Team

Manifest = dict[str, Any]

QUOTA = "team"
"""Name of the team's ResourceQuota."""
QUOTA_KEYS: Mapping[str, str] = {
    "gpus": "requests.nvidia.com/gpu",
    "gpu_shares": "requests.nvidia.com/gpu.shared",
    "sessions": "pods",
    "cpu": "limits.cpu",
    "memory": "limits.memory",
    "storage": "requests.storage",
}
"""Field of a team: what the ResourceQuota calls it."""
_COUNTS = ("gpus", "gpu_shares", "sessions")


def team_base() -> list[Manifest]:
    """Read the Kustomize base, in the order in which its objects have to be made."""
    folder = files("gpucommons_people") / "team_base"
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    return [each for name in listed for each in yaml.safe_load_all((folder / name).read_text())]


def team_objects(team: Team, additions: Sequence[Manifest] = ()) -> list[Manifest]:
    """Return all objects of a team. The namespace comes first, then who may do what in it.

    additions are what the installation gives every team beside the base.
    """
    namespace = team_namespace(team.name)
    objects = [*team_base(), *copy.deepcopy(additions)]
    for each in objects:
        if each["kind"] == "Namespace":
            each["metadata"]["name"] = namespace
            each["metadata"]["labels"][str(Label.TEAM)] = team.name
            each["metadata"]["annotations"] = _annotations(team)
        else:
            each["metadata"]["namespace"] = namespace
        if each["kind"] == "ResourceQuota":
            each["spec"]["hard"] = {QUOTA_KEYS[k]: str(v) for k, v in team.limits().items()}
    # In the namespace the commands may do nothing until the bindings are there.
    return sorted(objects, key=lambda each: _ORDER.get(each["kind"], len(_ORDER)))


_ORDER = {"Namespace": 0, "RoleBinding": 1}


def team_from_objects(namespace: Manifest, quota: Manifest | None) -> Team:
    """Read a team back from its namespace and its ResourceQuota, if it has one."""
    metadata = namespace["metadata"]
    annotations = metadata.get("annotations") or {}
    hard = ((quota or {}).get("spec") or {}).get("hard") or {}
    limits: dict[str, Any] = {k: hard[name] for k, name in QUOTA_KEYS.items() if name in hard}
    for name in _COUNTS:
        if name in limits:
            limits[name] = _count(str(limits[name]))
    return Team.model_validate(
        {
            "name": metadata["labels"][Label.TEAM],
            "display_name": annotations.get(Annotation.DISPLAY_NAME, ""),
            "storage_class": annotations.get(Annotation.STORAGE_CLASS),
            **limits,
        }
    )


def _annotations(team: Team) -> dict[str, str]:
    annotations = {str(Annotation.DISPLAY_NAME): team.display_name}
    if team.storage_class:
        annotations[str(Annotation.STORAGE_CLASS)] = team.storage_class
    return {name: value for name, value in annotations.items() if value}


def _count(quantity: str) -> int:
    """Read a count back; Kubernetes writes 1000 as 1k."""
    for suffix, factor in (("k", 1000), ("M", 1_000_000)):
        if quantity.endswith(suffix):
            return int(quantity.removesuffix(suffix)) * factor
    return int(quantity)

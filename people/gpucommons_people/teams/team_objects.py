"""A team as Kubernetes objects, and back. Pure; there is no other record of a team."""

import copy
from collections.abc import Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml
from gpucommons_contract import Annotation, Label, amount, team_namespace

from gpucommons_people.own_sizes import sizes_in
from gpucommons_people.teams.team import Team

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
_REQUESTS = "requests."
_DEVICES = ".deviceclass.resource.k8s.io/devices"
"""How a ResourceQuota names what of a DeviceClass is claimed."""
_COUNTS = ("gpus", "gpu_shares", "sessions")


def team_base() -> list[Manifest]:
    """Read the Kustomize base, in the order in which its objects must be made."""
    folder = files("gpucommons_people") / "team_base"
    (said,) = _objects(folder / "kustomization.yaml")
    return [each for name in said["resources"] for each in _objects(folder / name)]


def _objects(file: Traversable) -> list[Manifest]:
    return list(yaml.load_all(file.read_text(), yaml.CSafeLoader))


def team_objects(team: Team, additions: Sequence[Manifest] = ()) -> list[Manifest]:
    """Return all objects of a team. The namespace comes first, then who may do what in it.

    People's own workspace sizes are not among them: see `own_sizes`.
    additions are what the installation gives every team in addition to the base.
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
            each["spec"]["hard"] = _hard(team)
    # In the namespace the commands may do nothing until the bindings are there.
    return sorted(objects, key=lambda each: _ORDER.get(each["kind"], len(_ORDER)))


def _hard(team: Team) -> dict[str, str]:
    limits = {QUOTA_KEYS[name]: value for name, value in team.limits().items()}
    devices = {device_key(name): count for name, count in devices_of(team).items()}
    return {key: str(value) for key, value in (limits | devices).items()}


def devices_of(team: Team) -> dict[str, int]:
    """Return what of named devices is limited: resources of nodes, and DeviceClasses."""
    return {**team.resources, **team.device_classes}


def device_key(name: str) -> str:
    """Return what a ResourceQuota calls a resource of nodes, or a DeviceClass."""
    return f"{_REQUESTS}{name}" if "/" in name else f"{name}{_DEVICES}"


_ORDER = {"Namespace": 0, "RoleBinding": 1}


def team_from_objects(namespace: Manifest, quota: Manifest | None) -> Team:
    """Read a team back from its namespace and its ResourceQuota, if it has one."""
    metadata = namespace["metadata"]
    annotations = metadata.get("annotations") or {}
    sizes = sizes_in(namespace)
    hard = ((quota or {}).get("spec") or {}).get("hard") or {}
    limits: dict[str, Any] = {k: hard[name] for k, name in QUOTA_KEYS.items() if name in hard}
    for name in _COUNTS:
        if name in limits:
            limits[name] = _count(str(limits[name]))
    others = {key: value for key, value in hard.items() if key not in QUOTA_KEYS.values()}
    # Not checked: whatever is there is in force, and must not keep it from being shown.
    return Team.model_construct(
        name=metadata["labels"][Label.TEAM],
        display_name=annotations.get(Annotation.DISPLAY_NAME, ""),
        storage_class=annotations.get(Annotation.STORAGE_CLASS),
        workspace=sizes.team or None,
        workspaces=dict(sizes.people),
        team_folder=annotations.get(Annotation.TEAM_FOLDER) or None,
        team_folder_class=annotations.get(Annotation.TEAM_FOLDER_CLASS) or None,
        resources={
            key.removeprefix(_REQUESTS): _count(str(value))
            for key, value in others.items()
            if key.startswith(_REQUESTS) and "/" in key
        },
        device_classes={
            key.removesuffix(_DEVICES): _count(str(value))
            for key, value in others.items()
            if key.endswith(_DEVICES) and not key.startswith(_REQUESTS)
        },
        **limits,
    )


def _annotations(team: Team) -> dict[str, str]:
    annotations = {
        Annotation.DISPLAY_NAME: team.display_name,
        Annotation.STORAGE_CLASS: team.storage_class,
        Annotation.WORKSPACE_SIZE: team.workspace,
        Annotation.TEAM_FOLDER: team.team_folder,
        Annotation.TEAM_FOLDER_CLASS: team.team_folder_class,
    }
    return {str(name): value for name, value in annotations.items() if value}


def _count(quantity: str) -> int:
    """Read a count back; Kubernetes writes 1000 as 1k."""
    return int(amount(quantity))

"""What z2jh's hub is set to by the values of its chart: traits by class name.

Source: files/hub/jupyterhub_config.py of chart 4.4.0, as far as the checks read the traits.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from gpucommons_doctor.z2jh import MATCH, TOLERATIONS, Values, at

Traits = Mapping[str, Mapping[str, Any]]
"""Values of traits by their names, by the name of the class."""

_NODES_OF_SESSIONS = {
    "matchExpressions": [
        {"key": "hub.jupyter.org/node-purpose", "operator": "In", "values": ["user"]}
    ]
}
_CULLER = {
    "name": "jupyterhub-idle-culler",
    "command": ["python3", "-m", "jupyterhub_idle_culler"],
}
_IN_MEMORY = "sqlite://"
_HUB = {
    "concurrent_spawn_limit": "hub.concurrentSpawnLimit",
    "allow_named_servers": "hub.allowNamedServers",
}
_SPAWNER = {"consecutive_failure_limit": "hub.consecutiveFailureLimit"}
_KUBE_SPAWNER = {
    "node_selector": "singleuser.nodeSelector",
    "node_affinity_required": "singleuser.extraNodeAffinity.required",
    "extra_containers": "singleuser.extraContainers",
    "extra_labels": "singleuser.extraLabels",
    "extra_pod_config": "singleuser.extraPodConfig",
    "extra_resource_guarantees": "singleuser.extraResource.guarantees",
    "profile_list": "singleuser.profileList",
}
"""Traits, and the keys of which they get the values as they are."""


def traits_of(values: Values) -> Traits:
    """Return the traits. ``hub.config`` counts before what the chart makes of its other keys.

    values: over those of the chart, see `gpucommons_doctor.z2jh.on_chart`.
    """
    made: Traits = {
        "JupyterHub": _of_hub(values),
        "Spawner": _as_they_are(values, _SPAWNER),
        "KubeSpawner": _of_sessions(values),
    }
    config: Traits = at(values, "hub.config", {})
    # The chart takes the hub's services from hub.services alone.
    kept = {"services": made["JupyterHub"]["services"]}
    laid = {name: {**traits, **config.get(name, {})} for name, traits in made.items()}
    return {**config, **laid, "JupyterHub": {**laid["JupyterHub"], **kept}}


def _as_they_are(values: Values, keys: Mapping[str, str]) -> dict[str, Any]:
    found = {trait: at(values, key) for trait, key in keys.items()}
    return {trait: value for trait, value in found.items() if value is not None}


def _of_hub(values: Values) -> dict[str, Any]:
    traits = _as_they_are(values, _HUB)
    prefix = at(values, "fullnameOverride", "")
    traits["hub_connect_url"] = f"http://{prefix}-hub:8081" if prefix else "http://hub:8081"
    traits["cleanup_servers"] = False
    services = at(values, "hub.services", {})
    traits["services"] = [{"name": name, **(each or {})} for name, each in services.items()]
    if at(values, "cull.enabled"):
        traits["services"].insert(0, _CULLER)
    kind = at(values, "hub.db.type")
    if kind == "sqlite-memory":
        traits["db_url"] = _IN_MEMORY
    elif kind != "sqlite-pvc" and (url := at(values, "hub.db.url")) is not None:
        traits["db_url"] = url
    return traits


def _of_sessions(values: Values) -> dict[str, Any]:
    traits = _as_they_are(values, _KUBE_SPAWNER)
    traits["tolerations"] = [each for key in TOLERATIONS for each in at(values, key, [])]
    if at(values, MATCH) == "require":
        required = traits.get("node_affinity_required", [])
        traits["node_affinity_required"] = [*required, _NODES_OF_SESSIONS]
    storage_class = at(values, "singleuser.storage.dynamic.storageClass")
    if at(values, "singleuser.storage.type") == "dynamic" and storage_class is not None:
        traits["storage_class"] = storage_class
    traits["volumes"] = list(_volumes(values))
    if first := list(_init_containers(values)):
        traits["init_containers"] = first
    return traits


def _volumes(values: Values) -> Iterator[Mapping[str, Any]]:
    kind = at(values, "singleuser.storage.type")
    if kind == "dynamic":
        yield {"name": "workspace", "persistentVolumeClaim": {"claimName": "{pvc_name}"}}
    elif kind == "static":
        claim = at(values, "singleuser.storage.static.pvcName")
        yield {"name": "home", "persistentVolumeClaim": {"claimName": claim}}
    more = at(values, "singleuser.storage.extraVolumes", [])
    yield from more.values() if isinstance(more, Mapping) else more


def _init_containers(values: Values) -> Iterator[Mapping[str, Any]]:
    yield from at(values, "singleuser.initContainers", [])
    if at(values, "singleuser.cloudMetadata.blockWithIptables") is True:
        yield {
            "name": "block-cloud-metadata",
            "resources": at(values, "singleuser.networkTools.resources", {}),
            "securityContext": {"privileged": True, "runAsUser": 0},
        }

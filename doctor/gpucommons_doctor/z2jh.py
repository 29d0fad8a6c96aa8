"""Values of z2jh's chart: its keys, its own values, and how those of several files are merged.

Source: values.yaml and values.schema.json of chart 4.4.0, as far as the checks read the values.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

from gpucommons_contract.formats.wording import joined

Values = Mapping[str, Any]

CHART_VERSION = "4.4.0"
"""The release that helm-values/helmfile.yaml.gotmpl installs."""
DEDICATED = tuple(
    {"key": key, "operator": "Equal", "value": "user", "effect": "NoSchedule"}
    for key in ("hub.jupyter.org/dedicated", "hub.jupyter.org_dedicated")
)
"""What the chart lets every session tolerate."""
KEYS = frozenset(
    {
        "cull",
        "custom",
        "debug",
        "enabled",
        "fullnameOverride",
        "global",
        "httpRoute",
        "hub",
        "imagePullSecret",
        "imagePullSecrets",
        "ingress",
        "nameOverride",
        "prePuller",
        "proxy",
        "rbac",
        "scheduling",
        "singleuser",
    }
)
"""Keys at the top of the chart's values. It refuses all others."""
MOUNTED_KEYS = frozenset({"Chart", "Release"})
"""Keys that the chart adds where it mounts its values for the hub."""
DEFAULTS: Values = {
    "hub": {
        "concurrentSpawnLimit": 64,
        "consecutiveFailureLimit": 5,
        "allowNamedServers": False,
        "db": {"type": "sqlite-pvc"},
        "networkPolicy": {
            "enabled": True,
            "ingress": [],
            "allowedIngressPorts": [],
            "interNamespaceAccessLabels": "ignore",
        },
    },
    "rbac": {"create": True},
    "singleuser": {
        "cloudMetadata": {"blockWithIptables": True},
        "extraLabels": {"hub.jupyter.org/network-access-hub": "true"},
        "storage": {"type": "dynamic"},
    },
    "scheduling": {
        "userPods": {
            "tolerations": [*DEDICATED],
            "nodeAffinity": {"matchNodePurpose": "prefer"},
        }
    },
    "cull": {"enabled": True},
}
"""Those of the chart's own values that say something to the checks."""

MATCH = "scheduling.userPods.nodeAffinity.matchNodePurpose"
_MATCHES = ("ignore", "prefer", "require")
TOLERATIONS = ("scheduling.userPods.tolerations", "singleuser.extraTolerations")
_VOLUMES = "singleuser.storage.extraVolumes"
_LISTS = (
    *TOLERATIONS,
    "singleuser.extraNodeAffinity.required",
    "singleuser.initContainers",
    "singleuser.extraContainers",
    "singleuser.profileList",
    "hub.networkPolicy.ingress",
)
_MAPPINGS = (
    "cull",
    "hub",
    "hub.config",
    "hub.db",
    "hub.extraConfig",
    "hub.networkPolicy",
    "hub.services",
    "rbac",
    "singleuser",
    "singleuser.cloudMetadata",
    "singleuser.extraLabels",
    "singleuser.nodeSelector",
    "singleuser.extraNodeAffinity",
    "singleuser.extraPodConfig",
    "singleuser.extraResource",
    "singleuser.extraResource.guarantees",
    "singleuser.storage",
    "singleuser.storage.dynamic",
    "singleuser.storage.static",
    "scheduling",
    "scheduling.userPods",
    "scheduling.userPods.nodeAffinity",
)


def flaws(values: Values) -> Iterator[str]:
    """Say which keys have values that the chart, or the hub that it installs, does not take.

    What is null is taken: it removes what another file, or the chart itself, says.
    """
    for key in _MAPPINGS:
        if not isinstance(found := at(values, key, {}), Mapping):
            yield f"{key} must be a mapping, not {found!r}"
    for key in _LISTS:
        found = at(values, key, [])
        if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
            yield f"{key} must be a list of mappings, not {found!r}"
    if (match := at(values, MATCH, "ignore")) not in _MATCHES:
        yield f"{MATCH} must be {joined(_MATCHES, 'or')}, not {match!r}"
    if not isinstance(found := at(values, _VOLUMES, []), Mapping | list):
        yield f"{_VOLUMES} must be a list or a mapping, not {found!r}"
    for key in ("hub.config", "hub.services"):
        yield from _flaws_of_items(key, at(values, key, {}))


def _flaws_of_items(key: str, items: object) -> Iterator[str]:
    for name, each in items.items() if isinstance(items, Mapping) else ():
        if key == "hub.config" and not str(name)[:1].isupper():
            yield f"{key}.{name} must be the name of a class, such as GPUSpawner"
        elif not isinstance(each, Mapping | None):
            yield f"{key}.{name} must be a mapping, not {each!r}"


def merged(files: Sequence[Values]) -> Values:
    """Merge files of values as Helm does: maps by key; a list, as all else, is replaced.

    null stays, because it also removes what the chart itself says: see `on_chart`.
    """
    return reduce(_over, files, {})


def on_chart(given: Values) -> Values:
    """Lay values over those of the chart; null removes what the chart says."""
    return _without_nulls(_over(DEFAULTS, given))


def at(values: Values, key: str, nothing: Any = None) -> Any:  # noqa: ANN401 -- whatever it is set to
    """Return the value of a key such as ``hub.config``; ``nothing`` where it is not set."""
    found: Any = values
    for each in key.split("."):
        found = found.get(each) if isinstance(found, Mapping) else None
    return nothing if found is None else found


def _over(under: Values, over: Values) -> Values:
    found = dict(under)
    for key, value in over.items():
        below = found.get(key)
        maps = isinstance(below, Mapping) and isinstance(value, Mapping)
        found[key] = _over(dict(below or {}), value) if maps else value
    return found


def _without_nulls(values: Values) -> Values:
    return {
        key: _without_nulls(value) if isinstance(value, Mapping) else value
        for key, value in values.items()
        if value is not None
    }

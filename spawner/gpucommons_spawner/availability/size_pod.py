"""The pod that a session of a size would be, as far as the scheduler looks at it.

KubeSpawner itself makes it from the size and the operator's settings, so that what is free is
judged for the very pod that a start makes.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from gpucommons_contract import amount
from kubernetes_asyncio.client import ApiClient
from kubespawner.objects import make_pod

from gpucommons_spawner.catalogue.size import Size
from gpucommons_spawner.kubernetes.manifest import Manifest

Settings = Mapping[str, Any]
"""What an operator set, by the names of KubeSpawner's settings."""
NO_SETTINGS: Settings = MappingProxyType({})
SETTINGS = (
    "node_selector",
    "tolerations",
    "node_affinity_required",
    "extra_containers",
    "init_containers",
    "extra_container_config",
    "extra_pod_config",
    "extra_resource_guarantees",
)
"""Those that say on which nodes a pod may be, or how much it needs."""


class _Writer(ApiClient):
    """Writes objects as they are sent, and sends nothing."""

    def __init__(self) -> None:
        """Open no connection."""


def spec_of(size: Size, operator: Settings) -> Manifest:
    """Return the spec of the pod of a session of this size."""
    gpu = size.gpu_fields()
    pod = make_pod(
        name="session",
        image="session",
        image_pull_policy=None,
        cmd=None,
        port=8888,
        node_selector={**_given(operator, "node_selector"), **gpu.node_selector}
        | size.node_selector,
        tolerations=[*_items(operator, "tolerations"), *map(dict, size.all_tolerations())],
        node_affinity_required=_items(operator, "node_affinity_required"),
        cpu_limit=float(amount(size.cpu)),
        cpu_guarantee=float(amount(size.cpu_request or size.cpu)),
        mem_limit=int(amount(size.memory)),
        mem_guarantee=int(amount(size.memory_request or size.memory)),
        extra_resource_limits=dict(gpu.limits),
        extra_resource_guarantees=_given(operator, "extra_resource_guarantees"),
        extra_containers=_items(operator, "extra_containers"),
        init_containers=_items(operator, "init_containers"),
        extra_container_config=_given(operator, "extra_container_config"),
        extra_pod_config=_given(operator, "extra_pod_config"),
    )
    written: Manifest = _Writer().sanitize_for_serialization(pod)
    spec: Manifest = written["spec"]
    return spec


def _given(operator: Settings, name: str) -> dict[str, Any]:
    return dict(operator.get(name) or {})


def _items(operator: Settings, name: str) -> list[Any]:
    """Return a list, which an operator may give as a mapping of its items, too."""
    given: Mapping[str, Any] | Iterable[Any] = operator.get(name) or ()
    return [given[key] for key in sorted(given)] if isinstance(given, Mapping) else list(given)

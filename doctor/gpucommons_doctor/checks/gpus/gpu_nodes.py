"""What a node says of its GPUs: what its device plugin offers, and GPU Feature Discovery's labels.

Source of the labels: the README of gpu-feature-discovery in
https://github.com/NVIDIA/k8s-device-plugin
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from gpucommons_contract import amount
from gpucommons_people.clients.kinds import Manifest
from gpucommons_spawner.catalogue.gpu_modes.fields import (
    GPU_RESOURCE,
    PRODUCT_LABEL,
    SHARED_RESOURCE,
    SHARING_LABEL,
)

from gpucommons_doctor.kubernetes import labels_of, name_of

REPLICAS_LABEL = "nvidia.com/gpu.replicas"
"""Shares of each GPU; 1 where they are not shared."""
_COUNT_LABEL = "nvidia.com/gpu.count"
_MIG = "nvidia.com/mig-"


@dataclass(frozen=True, slots=True)
class GPUNode:
    """One node. offers and broken are by resource; strategy is empty where nothing is shared.

    replicas is None where the node does not say, or nothing that can be read. labelled is how
    many GPUs (or single-strategy MIG partitions) Feature Discovery found.
    """

    name: str
    offers: Mapping[str, int]
    broken: Mapping[str, int]
    product: str = ""
    strategy: str = ""
    replicas: int | None = None
    labelled: int = 0

    @classmethod
    def of(cls, node: Manifest) -> Self:
        """Read a node."""
        labels, status = labels_of(node), node.get("status") or {}
        offers = _gpus(status.get("allocatable") or {})
        has = _gpus(status.get("capacity") or {})
        strategy = labels.get(SHARING_LABEL, "")
        return cls(
            name=name_of(node),
            offers={key: count for key, count in offers.items() if count},
            broken={
                key: n - offers.get(key, 0) for key, n in has.items() if n > offers.get(key, 0)
            },
            product=labels.get(PRODUCT_LABEL, ""),
            strategy="" if strategy == "none" else strategy,
            replicas=_whole(labels.get(REPLICAS_LABEL)),
            labelled=_whole(labels.get(_COUNT_LABEL)) or 0,
        )

    @property
    def has_gpus(self) -> bool:
        """Whether anything says that it has GPUs."""
        return bool(self.offers or self.broken or self.labelled)

    @property
    def is_silent(self) -> bool:
        """Whether it has GPUs that no device plugin speaks of."""
        return bool(self.labelled and not self.offers and not self.broken)

    @property
    def shares_look_whole(self) -> bool:
        """Whether shares are offered under the name of whole GPUs."""
        shared = bool(self.strategy) and (self.replicas or 1) > 1
        return shared and GPU_RESOURCE in self.offers and SHARED_RESOURCE not in self.offers


def gpu_nodes(nodes: Iterable[Manifest]) -> list[GPUNode]:
    """Return the nodes that have GPUs, as far as they say so."""
    return [each for node in nodes if (each := GPUNode.of(node)).has_gpus]


def _gpus(amounts: Mapping[str, str]) -> dict[str, int]:
    return {
        resource: int(amount(count))
        for resource, count in amounts.items()
        if resource in {GPU_RESOURCE, SHARED_RESOURCE} or resource.startswith(_MIG)
    }


def _whole(written: str | None) -> int | None:
    return int(written) if written and written.isdecimal() else None

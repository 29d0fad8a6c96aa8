"""What a GPU mode contributes to a pod."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

GPU_TOLERATION: Mapping[str, str] = {
    "key": "nvidia.com/gpu",
    "operator": "Exists",
    "effect": "NoSchedule",
}
"""GPU nodes are commonly tainted so that nothing else lands there."""

PRODUCT_LABEL = "nvidia.com/gpu.product"
"""Node label that GPU Feature Discovery sets, such as ``NVIDIA-H200``."""


@dataclass(frozen=True, slots=True)
class GPUFields:
    """Pod fields of one GPU mode, to be merged with those of the size.

    mode is the word on the label, units the GPUs charged to the session.
    """

    mode: str
    units: Decimal
    limits: Mapping[str, str] = field(default_factory=dict)
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Mapping[str, str], ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    own_shared_memory: bool = True
    """Whether the session gets a /dev/shm of its own."""

"""What a GPU mode contributes to a pod, and what several modes share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal

GPU_TOLERATION: Mapping[str, str] = {
    "key": "nvidia.com/gpu",
    "operator": "Exists",
    "effect": "NoSchedule",
}
"""GPU nodes are commonly tainted so that nothing else lands there."""

GPU_RESOURCE = "nvidia.com/gpu"
SHARED_RESOURCE = "nvidia.com/gpu.shared"
"""What the device plugin calls a shared GPU with ``renameByDefault: true``."""

PRODUCT_LABEL = "nvidia.com/gpu.product"
"""Node label that GPU Feature Discovery sets, such as ``NVIDIA-H200``."""
SHARING_LABEL = "nvidia.com/gpu.sharing-strategy"
"""Node label of GPU Feature Discovery; it tells MPS from time-slicing, which
offers a resource of the same name."""

_SMALLEST_UNIT = Decimal("0.000001")


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
    one_user: bool = False
    """Whether all sessions must run under the same user ID."""
    team_apart: bool = False
    """Whether the node must have no session of this mode of another team."""
    own_scheduler: bool = False
    """Whether the mode brings a scheduler, so that the pod must name none."""
    counted: bool = True
    """Whether nodes count what is free of it."""
    claim_template: str | None = None
    """The ResourceClaimTemplate of the team's namespace that the GPU comes by."""


def part_of_gpu(shares: int) -> Decimal:
    """Return what one of this many equal shares is charged.

    Rounded down, so that all shares of a GPU together are never more than the GPU.
    """
    return (Decimal(1) / shares).quantize(_SMALLEST_UNIT, ROUND_FLOOR)


def without_gpu() -> GPUFields:
    """Say so to the container runtime too.

    An image built on NVIDIA's sets ``NVIDIA_VISIBLE_DEVICES=all``, and a runtime
    that injects devices by that variable would then show every GPU of the node.
    """
    return GPUFields(mode="", units=Decimal(0), environment={"NVIDIA_VISIBLE_DEVICES": "void"})

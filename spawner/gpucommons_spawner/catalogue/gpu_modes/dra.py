"""A GPU by Dynamic Resource Allocation: the session claims a device that fits a description.

The description is a ResourceClaimTemplate in the team's namespace, which an administrator
makes (``gpucommons catalogue manifests`` writes it). Kubernetes 1.34 or newer, and NVIDIA's
DRA driver.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from gpucommons_spawner.catalogue.base import CatalogueModel, Takes, Whole
from gpucommons_spawner.catalogue.gpu_modes.fields import GPU_TOLERATION, GPUFields, part_of_gpu

CLAIM = "gpu"
"""What the claim is called within the pod."""

ObjectName = Annotated[
    str,
    Takes(
        r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?",
        "must be a Kubernetes name: a to z, digits, dots and hyphens, such as whole-gpu",
    ),
]


class DRA(CatalogueModel):
    """Devices of one class, ``count`` for one session."""

    mode: Literal["dra"] = Field(description="devices claimed from a DRA driver")
    template: ObjectName = Field(
        description="the ResourceClaimTemplate in each team's namespace, such as whole-gpu"
    )
    device_class: ObjectName = Field(
        default="gpu.nvidia.com", description="the DeviceClass; mig.nvidia.com for partitions"
    )
    count: Whole = Field(default=1, ge=1, le=64, description="how many devices")
    selector: str | None = Field(
        default=None,
        max_length=2000,
        description="a CEL expression that devices must fulfil, for the template",
    )
    shares: Whole = Field(
        default=1, ge=1, le=100, description="how many such devices are charged as one GPU"
    )

    @property
    def units(self) -> Decimal:
        """GPUs charged to the session."""
        return part_of_gpu(self.shares) * self.count

    def fields(self) -> GPUFields:
        """Compile to pod fields."""
        return GPUFields(
            mode=self.mode,
            units=self.units,
            tolerations=(GPU_TOLERATION,),
            counted=False,
            claim_template=self.template,
        )

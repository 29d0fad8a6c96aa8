"""Whole GPUs that no one else uses meanwhile."""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from gpucommons_spawner.gpu_modes.fields import GPU_TOLERATION, PRODUCT_LABEL, GPUFields
from gpucommons_spawner.part import Part

RESOURCE = "nvidia.com/gpu"


class Exclusive(Part):
    """``count`` whole GPUs for one session."""

    mode: Literal["exclusive"]
    count: int = Field(default=1, ge=1, le=64)
    product: str | None = Field(
        default=None, description="only this GPU model, such as NVIDIA-H200; any if left out"
    )

    @property
    def resource(self) -> str:
        """The extended resource that the device plugin offers."""
        return RESOURCE

    @property
    def units(self) -> Decimal:
        """GPUs charged to the session."""
        return Decimal(self.count)

    def fields(self) -> GPUFields:
        """Compile to pod fields."""
        return GPUFields(
            mode=self.mode,
            units=self.units,
            limits={RESOURCE: str(self.count)},
            node_selector={PRODUCT_LABEL: self.product} if self.product else {},
            tolerations=(GPU_TOLERATION,),
        )

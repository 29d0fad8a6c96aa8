"""Whole GPUs that no one else uses meanwhile."""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from gpucommons_spawner.gpu_modes.fields import GPU_RESOURCE, GPU_TOLERATION, GPUFields, OfProduct


class Exclusive(OfProduct):
    """``count`` whole GPUs for one session."""

    mode: Literal["exclusive"] = Field(description="whole GPUs")
    count: int = Field(default=1, ge=1, le=64, description="how many GPUs")

    @property
    def units(self) -> Decimal:
        """GPUs charged to the session."""
        return Decimal(self.count)

    def fields(self) -> GPUFields:
        """Compile to pod fields."""
        return GPUFields(
            mode=self.mode,
            units=self.units,
            limits={GPU_RESOURCE: str(self.count)},
            node_selector=self._of_product(),
            tolerations=(GPU_TOLERATION,),
        )

"""A share of a GPU by time-slicing: sessions take turns.

Nothing limits what memory one takes: a session that fills the GPU's memory stops the others.
"""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from gpucommons_spawner.gpu_modes.fields import (
    GPU_TOLERATION,
    SHARED_RESOURCE,
    SHARING_LABEL,
    GPUFields,
    OfProduct,
    part_of_gpu,
)


class TimeSlice(OfProduct):
    """One of ``shares`` turns on a GPU."""

    mode: Literal["timeslice"] = Field(description="turns on a GPU; memory is not divided")
    shares: int = Field(
        ge=2,
        le=48,
        description="for how many sessions the device plugin offers each GPU (replicas)",
    )

    @property
    def units(self) -> Decimal:
        """GPUs charged to the session."""
        return part_of_gpu(self.shares)

    def fields(self) -> GPUFields:
        """Compile to pod fields."""
        return GPUFields(
            mode=self.mode,
            units=self.units,
            limits={SHARED_RESOURCE: "1"},
            node_selector={SHARING_LABEL: "time-slicing", **self._of_product()},
            tolerations=(GPU_TOLERATION,),
        )

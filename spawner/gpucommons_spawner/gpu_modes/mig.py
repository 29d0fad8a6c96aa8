"""A hardware partition of a GPU (Multi-Instance GPU), with memory of its own.

The device plugin offers it under a name of its own (strategy ``mixed``), or, where all GPUs of
a node are cut alike, as if it were a whole GPU (``single``): then the product's name tells it.
"""

from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from gpucommons_spawner.gpu_modes.fields import (
    GPU_RESOURCE,
    GPU_TOLERATION,
    GPUFields,
    OfProduct,
    part_of_gpu,
)
from gpucommons_spawner.part import mistake


class MIG(OfProduct):
    """``count`` partitions of one profile."""

    mode: Literal["mig"] = Field(description="a hardware partition of a GPU")
    profile: str = Field(
        pattern=r"^[1-7]g\.[1-9]\d*gb$", description="the partition, such as 1g.10gb"
    )
    count: int = Field(default=1, ge=1, le=7, description="how many partitions")
    slices: int = Field(
        default=7,
        ge=1,
        le=7,
        description="compute slices of the whole GPU, for what is charged: 7, or 4 on an A30",
    )
    strategy: Literal["mixed", "single"] = Field(
        default="mixed", description="of the device plugin; single needs the product"
    )

    @model_validator(mode="after")
    def _can_be_told(self) -> Self:
        if self._part > self.slices:
            raise mistake(f"takes more than the {self.slices} slices of a GPU", "profile")
        if self.strategy == "single" and not (self.product or "").endswith(f"MIG-{self.profile}"):
            raise mistake(
                "must be the node label of such partitions, such as "
                f"NVIDIA-H200-MIG-{self.profile}: with strategy: single they look like whole GPUs",
                "product",
            )
        return self

    @property
    def _part(self) -> int:
        return int(self.profile[0])

    @property
    def units(self) -> Decimal:
        """GPUs charged to the session, by compute slices."""
        if self._part * self.count % self.slices == 0:
            return Decimal(self._part * self.count // self.slices)
        return part_of_gpu(self.slices) * self._part * self.count

    def fields(self) -> GPUFields:
        """Compile to pod fields."""
        mixed = self.strategy == "mixed"
        resource = f"nvidia.com/mig-{self.profile}" if mixed else GPU_RESOURCE
        return GPUFields(
            mode=self.mode,
            units=self.units,
            limits={resource: str(self.count)},
            node_selector=self._of_product(),
            tolerations=(GPU_TOLERATION,),
        )

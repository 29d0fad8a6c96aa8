"""A share of a GPU by HAMi, a device plugin and scheduler that limits memory and cores.

HAMi's webhook takes only pods that name no scheduler, so the hub names none for these. Nodes
run either HAMi's device plugin or NVIDIA's: both offer ``nvidia.com/gpu``. What is free of
memory and cores, HAMi's scheduler knows and the nodes do not.
"""

from decimal import Decimal
from typing import Literal

from pydantic import Field, field_validator

from gpucommons_spawner.gpu_modes.fields import (
    GPU_RESOURCE,
    GPU_TOLERATION,
    GPUFields,
    part_of_gpu,
)
from gpucommons_spawner.part import Part
from gpucommons_spawner.quantity import amount, plainly

MEMORY_RESOURCE = "nvidia.com/gpumem"
"""In MiB."""
CORES_RESOURCE = "nvidia.com/gpucores"
"""In percent of a GPU."""
_MIB = 2**20


class HAMi(Part):
    """A piece of one GPU: so much memory and so many cores."""

    mode: Literal["hami"] = Field(description="a share of a GPU by HAMi, with limits")
    memory: str = Field(description="GPU memory, such as 8Gi")
    core_percent: int | None = Field(
        default=None, ge=1, le=100, description="share of the GPU's cores, in percent"
    )
    shares: int = Field(
        ge=1, le=100, description="how many such pieces make a GPU, for what is charged"
    )

    @field_validator("memory")
    @classmethod
    def _whole_mebibytes(cls, value: str) -> str:
        if amount(value) < _MIB or amount(value) % _MIB:
            raise ValueError("must be whole MiB, such as 8Gi or 500Mi")
        return value

    @property
    def units(self) -> Decimal:
        """GPUs charged to the session."""
        return part_of_gpu(self.shares)

    def fields(self) -> GPUFields:
        """Compile to pod fields."""
        limits = {GPU_RESOURCE: "1", MEMORY_RESOURCE: plainly(amount(self.memory) / _MIB)}
        if self.core_percent:
            limits[CORES_RESOURCE] = str(self.core_percent)
        return GPUFields(
            mode=self.mode,
            units=self.units,
            limits=limits,
            tolerations=(GPU_TOLERATION,),
            own_scheduler=True,
            counted=False,
        )

"""A share of a GPU by HAMi, a device plugin and scheduler that limits memory and cores.

HAMi's webhook takes only pods that name no scheduler, so the hub names none for these. Nodes
run either HAMi's device plugin or NVIDIA's: both offer ``nvidia.com/gpu``. What is free of
memory and cores, HAMi's scheduler knows and the nodes do not.
"""

from decimal import Decimal
from typing import Annotated, Literal

from gpucommons_contract import amount
from pydantic import BeforeValidator, Field

from gpucommons_spawner.catalogue.base import CatalogueModel, Whole, plainly
from gpucommons_spawner.catalogue.gpu_modes.fields import (
    GPU_RESOURCE,
    GPU_TOLERATION,
    GPUFields,
    part_of_gpu,
)

MEMORY_RESOURCE = "nvidia.com/gpumem"
"""In MiB."""
CORES_RESOURCE = "nvidia.com/gpucores"
"""In percent of a GPU."""
_MIB = 2**20
_MOST = 2**40
"""Bytes; more than any GPU has."""


def _whole_mebibytes(value: object) -> str:
    text = str(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("must be an amount such as 8Gi")  # noqa: TRY004 -- pydantic's
    if not _MIB <= amount(text) <= _MOST or amount(text) % _MIB:
        raise ValueError("must be whole MiB, such as 8Gi or 500Mi")
    return text


class HAMi(CatalogueModel):
    """A piece of one GPU: an amount of memory and a share of the cores."""

    mode: Literal["hami"] = Field(description="a share of a GPU by HAMi, with limits")
    memory: Annotated[str, BeforeValidator(_whole_mebibytes)] = Field(
        description="GPU memory, such as 8Gi"
    )
    core_percent: Whole | None = Field(
        default=None, ge=1, le=100, description="share of the GPU's cores, in percent"
    )
    shares: Whole = Field(ge=1, le=100, description="how many such pieces are charged as one GPU")

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

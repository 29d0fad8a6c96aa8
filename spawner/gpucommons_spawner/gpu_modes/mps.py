"""A share of a GPU through NVIDIA's Multi-Process Service.

Kernels of several sessions run side by side on one GPU; each has a limit on
memory and on threads. Four rules come with it:

- a pod may ask for one share only; the device plugin refuses more,
- all sessions of a GPU run under the same user ID, or MPS lets in one at a time,
- the MPS daemon's /dev/shm is mounted by the plugin, so the pod must not have one of its own,
- that /dev/shm is one for all MPS sessions of a node: what one leaves there, others can read.
  Sessions of different teams therefore do not meet on a node unless the catalogue says so.
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


class MPS(OfProduct):
    """One of ``shares`` equal shares of a GPU."""

    mode: Literal["mps"] = Field(description="a share of a GPU with limits on memory and threads")
    shares: int = Field(
        ge=2, le=48, description="into how many shares the device plugin cuts each GPU (replicas)"
    )
    thread_percent: int | None = Field(
        default=None, ge=1, le=100, description="lowers the share of threads, in percent"
    )
    memory: str | None = Field(
        default=None,
        pattern=r"^[1-9]\d*[MG]$",
        description="lowers the share of GPU memory, such as 4G",
    )
    across_teams: bool = Field(
        default=False,
        description=(
            "whether sessions of different teams may be on one node, where all MPS sessions "
            "share one /dev/shm and can read what others leave there"
        ),
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
            node_selector={SHARING_LABEL: "mps", **self._of_product()},
            tolerations=(GPU_TOLERATION,),
            environment=self._limits(),
            own_shared_memory=False,
            one_user=True,
            team_apart=not self.across_teams,
        )

    def _limits(self) -> dict[str, str]:
        """Limits of the session; MPS lets them lower the daemon's defaults only."""
        limits: dict[str, str] = {}
        if self.thread_percent:
            limits["CUDA_MPS_ACTIVE_THREAD_PERCENTAGE"] = str(self.thread_percent)
        if self.memory:
            limits["CUDA_MPS_PINNED_DEVICE_MEM_LIMIT"] = f"0={self.memory}"
        return limits

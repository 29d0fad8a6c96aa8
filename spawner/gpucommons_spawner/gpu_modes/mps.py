"""A share of a GPU through NVIDIA's Multi-Process Service.

Kernels of several sessions run side by side on one GPU; each has a limit on
memory and on threads. Three rules come with it:

- a pod may ask for one share only; the device plugin refuses more,
- all sessions of a GPU run under the same user ID, or MPS lets in one at a time,
- the MPS daemon's /dev/shm is mounted by the plugin, so the pod must not have one of its own.
"""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from gpucommons_spawner.gpu_modes.fields import GPU_TOLERATION, PRODUCT_LABEL, GPUFields
from gpucommons_spawner.part import Part

RESOURCE = "nvidia.com/gpu.shared"
"""What the device plugin calls a shared GPU with ``renameByDefault: true``."""
SHARING_LABEL = "nvidia.com/gpu.sharing-strategy"
"""Node label of GPU Feature Discovery; it tells MPS from time-slicing, which
offers a resource of the same name."""


class MPS(Part):
    """One of ``shares`` equal shares of a GPU."""

    mode: Literal["mps"]
    shares: int = Field(
        ge=2, le=48, description="into how many shares the device plugin cuts each GPU (replicas)"
    )
    product: str | None = Field(
        default=None, description="only this GPU model, such as NVIDIA-H200; any if left out"
    )
    thread_percent: int | None = Field(
        default=None, ge=1, le=100, description="lowers the share of threads, in percent"
    )
    memory: str | None = Field(
        default=None,
        pattern=r"^[1-9]\d*[MG]$",
        description="lowers the share of GPU memory, such as 4G",
    )

    @property
    def resource(self) -> str:
        """The extended resource that the device plugin offers."""
        return RESOURCE

    @property
    def units(self) -> Decimal:
        """GPUs charged to the session, rounded to a thousandth."""
        return (Decimal(1) / self.shares).quantize(Decimal("0.001"))

    def fields(self) -> GPUFields:
        """Compile to pod fields."""
        selector: dict[str, str] = {SHARING_LABEL: self.mode}
        if self.product:
            selector[PRODUCT_LABEL] = self.product
        return GPUFields(
            mode=self.mode,
            units=self.units,
            limits={RESOURCE: "1"},
            node_selector=selector,
            tolerations=(GPU_TOLERATION,),
            environment=self._limits(),
            own_shared_memory=False,
        )

    def _limits(self) -> dict[str, str]:
        """Limits of the session; MPS lets them lower the daemon's defaults only."""
        limits: dict[str, str] = {}
        if self.thread_percent:
            limits["CUDA_MPS_ACTIVE_THREAD_PERCENTAGE"] = str(self.thread_percent)
        if self.memory:
            limits["CUDA_MPS_PINNED_DEVICE_MEM_LIMIT"] = f"0={self.memory}"
        return limits

"""The modes of NVIDIA's device plugin: whole GPUs, shares by MPS, turns, and MIG partitions."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gpucommons_spawner.catalogue.base import CatalogueModel, Takes, Whole, catalogue_error
from gpucommons_spawner.catalogue.gpu_modes.fields import (
    GPU_RESOURCE,
    GPU_TOLERATION,
    PRODUCT_LABEL,
    SHARED_RESOURCE,
    SHARING_LABEL,
    GPUFields,
    part_of_gpu,
)

_Product = Annotated[
    str,
    Takes(
        r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?",
        "must be the value of the node label nvidia.com/gpu.product, which has no spaces, such as "
        "NVIDIA-H200",
        longest=63,
    ),
]


class OfProduct(CatalogueModel):
    """What every mode of NVIDIA's device plugin may say."""

    product: _Product | None = Field(
        default=None,
        description="only this GPU model, such as NVIDIA-H200 (node label); any if left out",
    )

    def _of_product(self) -> dict[str, str]:
        return {PRODUCT_LABEL: self.product} if self.product else {}


class Exclusive(OfProduct):
    """``count`` whole GPUs for one session, which nobody else uses meanwhile."""

    mode: Literal["exclusive"] = Field(description="whole GPUs")
    count: Whole = Field(default=1, ge=1, le=64, description="how many GPUs")

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


class TimeSlice(OfProduct):
    """One of ``shares`` turns on a GPU.

    Nothing limits what memory one takes: a session that fills the GPU's memory stops the others.
    """

    mode: Literal["timeslice"] = Field(description="turns on a GPU; memory is not divided")
    shares: Whole = Field(
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


_Memory = Annotated[
    str,
    Takes(r"[1-9][0-9]*[MG]", "must be whole M or G as MPS writes them, such as 4G or 512M; no Gi"),
]


class MPS(OfProduct):
    """One of ``shares`` equal shares of a GPU, through the Multi-Process Service.

    Kernels of several sessions run side by side on one GPU; each has a limit on
    memory and on threads. Four rules come with it:

    - a pod may ask for one share only; the device plugin refuses more,
    - all sessions of a GPU run under the same user ID, or MPS lets in one at a time,
    - the MPS daemon's /dev/shm is mounted by the plugin, so the pod must not have one of its own,
    - that /dev/shm is one for all MPS sessions of a node: what one leaves there, others can read.
      Sessions of different teams therefore do not meet on a node unless the catalogue says so.
    """

    mode: Literal["mps"] = Field(description="a share of a GPU with limits on memory and threads")
    shares: Whole = Field(
        ge=2, le=48, description="into how many shares the device plugin cuts each GPU (replicas)"
    )
    thread_percent: Whole | None = Field(
        default=None, ge=1, le=100, description="lowers the share of threads, in percent"
    )
    memory: _Memory | None = Field(
        default=None,
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


_Profile = Annotated[
    str, Takes(r"[1-7]g\.[1-9][0-9]*gb", "must be a profile as nvidia-smi writes it: 1g.10gb")
]


class MIG(OfProduct):
    """``count`` hardware partitions of one profile, with memory of their own.

    The device plugin offers them under a name of their own (strategy ``mixed``), or, where all
    GPUs of a node are cut alike, as if they were whole GPUs (``single``): then the product's name
    tells them apart.
    """

    mode: Literal["mig"] = Field(description="a hardware partition of a GPU")
    profile: _Profile = Field(description="the partition, such as 1g.10gb")
    count: Whole = Field(default=1, ge=1, le=7, description="how many partitions")
    slices: Whole = Field(
        default=7,
        ge=1,
        le=7,
        description="compute slices of a whole GPU, for what is charged: 7, or 4 on an A30",
    )
    strategy: Literal["mixed", "single"] = Field(
        default="mixed", description="of the device plugin; single needs product"
    )

    @model_validator(mode="after")
    def _can_be_told(self) -> Self:
        if self._part > self.slices:
            raise catalogue_error(f"takes more than the {self.slices} slices of a GPU", "profile")
        if self.strategy == "single" and not (self.product or "").endswith(f"MIG-{self.profile}"):
            raise catalogue_error(
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

"""Sizes: what a session gets of a node."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, Self

from gpucommons_contract import amount
from pydantic import Field, model_validator

from gpucommons_spawner.catalogue.base import (
    CatalogueModel,
    CPUs,
    Duration,
    LabelKey,
    LabelValue,
    Memory,
    ObjectName,
    catalogue_error,
)
from gpucommons_spawner.catalogue.gpu_modes.dra import DRA
from gpucommons_spawner.catalogue.gpu_modes.fields import GPUFields, without_gpu
from gpucommons_spawner.catalogue.gpu_modes.hami import HAMi
from gpucommons_spawner.catalogue.gpu_modes.nvidia import (
    MIG,
    MPS,
    Exclusive,
    OfProduct,
    TimeSlice,
)
from gpucommons_spawner.catalogue.offer import Offer

_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=365)

GPU = Annotated[Exclusive | MPS | TimeSlice | MIG | HAMi | DRA, Field(discriminator="mode")]


class Toleration(CatalogueModel):
    """Lets a session on nodes with a taint, as Kubernetes writes it."""

    key: LabelKey | None = Field(default=None, description="of the taint; every taint if left out")
    operator: Literal["Equal", "Exists"] = Field(
        default="Equal", description="Exists for any value of the taint"
    )
    value: LabelValue | None = Field(default=None, description="of the taint, with operator Equal")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        default=None, description="of the taint; all effects if left out"
    )

    @model_validator(mode="after")
    def _value_fits(self) -> Self:
        if self.operator == "Exists" and self.value is not None:
            raise catalogue_error("goes with operator: Equal only; leave it out", "value")
        if self.operator == "Equal" and self.key is None:
            raise catalogue_error("needs a key, or operator: Exists", "operator")
        return self

    def field(self) -> dict[str, str]:
        """Turn into a pod's field."""
        return {key: str(value) for key, value in self.model_dump(exclude_none=True).items()}


class Size(Offer):
    """What a session gets of a node.

    ``cpu`` and ``memory`` are limits; the requests are the same unless given.
    """

    former_keys: ClassVar[Mapping[str, str]] = {"longest": "max_duration"}

    cpu: CPUs = Field(description="CPUs at most, such as 2 or 500m")
    memory: Memory = Field(description="memory at most, such as 8Gi")
    cpu_request: CPUs | None = Field(
        default=None, description="CPUs that the scheduler keeps free; the limit if left out"
    )
    memory_request: Memory | None = Field(
        default=None, description="memory that the scheduler keeps free; the limit if left out"
    )
    gpu: GPU | None = Field(
        default=None, description="the GPU and how it is shared; none if left out"
    )
    node_selector: dict[LabelKey, LabelValue] = Field(
        default_factory=dict, description="labels of the nodes that it runs on"
    )
    tolerations: tuple[Toleration, ...] = Field(
        default=(), description="taints of nodes on which it may run nevertheless"
    )
    priority: ObjectName | None = Field(
        default=None, description="name of a PriorityClass of the cluster"
    )
    runtime_class: ObjectName | None = Field(
        default=None,
        description=(
            "name of a RuntimeClass of the cluster, such as nvidia where that is not the default "
            "runtime of GPU nodes"
        ),
    )
    nodes_on_demand: Duration | None = Field(
        default=None,
        description=(
            "if nodes for this size are added when a session asks for one: how long that may "
            "take, such as 10m; if left out, a size that fits on no node cannot be chosen"
        ),
    )
    max_duration: Duration | None = Field(
        default=None,
        description="how long a session may last, such as 8h; Kubernetes ends it then",
    )

    @model_validator(mode="after")
    def _requests_fit(self) -> Self:
        for limit, request in (("cpu", self.cpu_request), ("memory", self.memory_request)):
            if request is not None and amount(request) > amount(getattr(self, limit)):
                raise catalogue_error(f"is more than {limit}; lower it", f"{limit}_request")
        return self

    @model_validator(mode="after")
    def _max_duration_is_sensible(self) -> Self:
        if self.max_duration is not None and not _SHORTEST <= self.max_duration <= _LONGEST:
            raise catalogue_error("must be 1m at least and 365d at most", "max_duration")
        return self

    def gpu_fields(self) -> GPUFields:
        """Return the pod fields of this size's GPU mode, or of no GPU."""
        return self.gpu.fields() if self.gpu else without_gpu()

    def all_tolerations(self) -> tuple[Mapping[str, str], ...]:
        """Return the tolerations of the GPU mode and of the size."""
        return (*self.gpu_fields().tolerations, *(each.field() for each in self.tolerations))

    @property
    def units(self) -> Decimal:
        """GPUs charged to a session of this size."""
        return self.gpu.units if self.gpu else Decimal(0)

    @property
    def product(self) -> str:
        """The GPU model that it asks for; empty for any."""
        return (isinstance(self.gpu, OfProduct) and self.gpu.product) or ""

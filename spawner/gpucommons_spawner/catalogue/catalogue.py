"""The catalogue: what people may choose, who may, and how much at once.

These are the shapes; ``catalogue_file`` reads them from YAML. Everything is read-only.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from gpucommons_spawner.gpu_modes import MPS, Exclusive, GPUFields, without_gpu
from gpucommons_spawner.part import Part, mistake
from gpucommons_spawner.quantity import amount


def _quantity(value: object) -> str:
    """Keep an amount as it was written, once it is known to be one."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("must be an amount such as 2, 500m or 8Gi")  # noqa: TRY004 -- pydantic's
    if amount(value) <= 0:
        raise ValueError("must be more than 0")
    return str(value)


def _label_value(name: str) -> str:
    if name.startswith("-") or name.endswith(("-", ".")):
        raise ValueError("must begin and end with a letter or digit")
    return name


Name = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][A-Za-z0-9.-]*$", max_length=63, strict=True),
    AfterValidator(_label_value),
]
"""A key people type in links and that becomes a label: letters, digits, dots, hyphens."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
Quantity = Annotated[str, BeforeValidator(_quantity)]
Groups = Annotated[tuple[str, ...], Field(min_length=1)]
GPU = Annotated[Exclusive | MPS, Field(discriminator="mode")]


class Offer(Part):
    """Something that can be chosen, by everybody or by some groups, now or not."""

    display_name: Text
    description: str = ""
    access: Groups | None = Field(
        default=None, description="only members of one of these groups may choose it"
    )
    disabled: Text | None = Field(
        default=None, description="shown, but off; the value is the reason people read"
    )

    def open_to(self, groups: Iterable[str]) -> bool:
        """Tell whether a member of these groups may choose it."""
        return self.access is None or not set(self.access).isdisjoint(groups)


class Version(Part):
    """One pinned image of an environment."""

    image: Text = Field(description="with a digest in production")
    default: bool = False
    disabled: Text | None = None


class Environment(Offer):
    """A family of images, such as PyTorch."""

    versions: dict[Name, Version] = Field(min_length=1)

    @model_validator(mode="after")
    def _at_most_one_default(self) -> Self:
        if sum(version.default for version in self.versions.values()) > 1:
            raise mistake("more than one version says default: true; keep one", "versions")
        return self

    @property
    def default_version(self) -> str:
        """The version marked as default, or else the first one that is not disabled."""
        versions = self.versions
        marked = [name for name, version in versions.items() if version.default]
        usable = [name for name, version in versions.items() if not version.disabled]
        return next(iter([*marked, *usable, *versions]))


class Size(Offer):
    """What a session gets of a node.

    ``cpu`` and ``memory`` are limits; the requests are the same unless given.
    """

    cpu: Quantity
    memory: Quantity
    cpu_request: Quantity | None = None
    memory_request: Quantity | None = None
    gpu: GPU | None = None
    node_selector: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _requests_fit(self) -> Self:
        for limit, request in (("cpu", self.cpu_request), ("memory", self.memory_request)):
            if request is not None and amount(request) > amount(getattr(self, limit)):
                raise mistake(f"is more than {limit}; lower it", f"{limit}_request")
        return self

    def gpu_fields(self) -> GPUFields:
        """Answer the pod fields of this size's GPU mode, or of no GPU."""
        return self.gpu.fields() if self.gpu else without_gpu()

    @property
    def units(self) -> Decimal:
        """GPUs charged to a session of this size."""
        return self.gpu.units if self.gpu else Decimal(0)


class Allowance(Part):
    """How much one person may have at once. What is left out is not limited."""

    sessions: int | None = Field(default=None, ge=0)
    gpus: Decimal | None = Field(default=None, ge=0)


class Quotas(Part):
    """Allowances: everybody's, and those of groups, which replace it for their members."""

    default: Allowance = Allowance()
    groups: dict[str, Allowance] = Field(default_factory=dict)

    def of(self, groups: Iterable[str]) -> Allowance:
        """Answer the most generous of the groups' allowances, field by field.

        A field that a group leaves out is taken from the default.
        """
        matching = [self.groups[group] for group in groups if group in self.groups]
        if not matching:
            return self.default
        return Allowance(
            sessions=_largest(self._or_default(own, "sessions") for own in matching),
            gpus=_largest(self._or_default(own, "gpus") for own in matching),
        )

    def _or_default(self, own: Allowance, field: str) -> Decimal | None:
        chosen = own if field in own.model_fields_set else self.default
        value = getattr(chosen, field)
        return None if value is None else Decimal(value)


def _largest(limits: Iterable[Decimal | None]) -> Decimal | None:
    """Answer the largest limit; None, which means no limit, beats all."""
    known = list(limits)
    return None if None in known else max(limit for limit in known if limit is not None)


class Defaults(Part):
    """What somebody gets who says nothing and has no last choice."""

    environment: str | None = None
    size: str | None = None


class Catalogue(Part):
    """The whole file."""

    environments: dict[Name, Environment] = Field(min_length=1)
    sizes: dict[Name, Size] = Field(min_length=1)
    quotas: Quotas = Quotas()
    defaults: Defaults = Defaults()

    @model_validator(mode="after")
    def _defaults_exist(self) -> Self:
        for key, offers in (("environment", self.environments), ("size", self.sizes)):
            name = getattr(self.defaults, key)
            if name is not None and name not in offers:
                raise mistake(
                    f"{name} is none of {', '.join(offers)}; write one of them", "defaults", key
                )
        return self

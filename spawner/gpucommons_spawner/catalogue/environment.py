"""Environments: families of images, and the versions of each."""

from datetime import UTC, date, datetime
from typing import Self

from gpucommons_contract.words import phrase
from pydantic import Field, model_validator

from gpucommons_spawner.catalogue.base import CatalogueModel, Day, Name, Reason, catalogue_error
from gpucommons_spawner.catalogue.image import Image, ImagePattern
from gpucommons_spawner.catalogue.offer import Offer
from gpucommons_spawner.catalogue.program import USUAL, ProgramName

CUSTOM = "custom"
"""What the version of a session is called whose image the person named."""


class Version(CatalogueModel):
    """One pinned image of an environment."""

    image: Image = Field(
        description="name@sha256:… in production: a tag such as :2026.11 can be moved"
    )
    default: bool = Field(default=False, description="chosen unless people choose another")
    disabled: Reason = Field(
        default=None, description="shown, but not available; the value is the reason people read"
    )
    retires: Day | None = Field(
        default=None,
        description=(
            "the last day (UTC), such as 2027-01-31, on which it can be started; people see "
            "it beforehand"
        ),
    )

    def refusal(self, today: date) -> str | None:
        """Say why it cannot be started; None if it can."""
        if self.disabled:
            return self.disabled
        if self.retires is not None and today > self.retires:
            return phrase("Retired since %(day)s.", day=self.retires)
        return None


class Environment(Offer):
    """A family of images, such as PyTorch."""

    versions: dict[Name, Version] = Field(min_length=1, description="the versions, by name")
    custom_image: ImagePattern | None = Field(
        default=None,
        description=(
            "a regular expression; people may start images of their own whose whole name "
            "matches it. Without it they may not"
        ),
    )
    opens: tuple[ProgramName, ...] = Field(
        default=("lab", "vscode"),
        min_length=1,
        description=(
            "the programs that its images have, which people choose from: lab for JupyterLab, "
            "vscode for VS Code, notebook for Jupyter Notebook 7"
        ),
    )

    @model_validator(mode="after")
    def _at_most_one_default(self) -> Self:
        if sum(version.default for version in self.versions.values()) > 1:
            raise catalogue_error("more than one version says default: true; keep one", "versions")
        return self

    @model_validator(mode="after")
    def _custom_is_free(self) -> Self:
        if CUSTOM in self.versions:
            raise catalogue_error(
                "this name is for images that people bring; choose another", "versions", CUSTOM
            )
        return self

    @model_validator(mode="after")
    def _opens_each_once(self) -> Self:
        for name in self.opens:
            if self.opens.count(name) > 1:
                raise catalogue_error(f"names {name} twice; leave one out", "opens")
        return self

    @property
    def opens_first(self) -> str:
        """The program that a session opens without a choice; empty for what the hub says."""
        return "" if USUAL in self.opens else self.opens[0]

    def usable(self, today: date) -> tuple[str, ...]:
        """List the versions that can be started."""
        versions = self.versions.items()
        return tuple(name for name, version in versions if version.refusal(today) is None)

    def default_version(self, today: date) -> str:
        """Return the version marked as default, or else the first one, if that can be started."""
        usable = self.usable(today)
        marked = [name for name, version in self.versions.items() if version.default]
        return next(iter([*(name for name in marked if name in usable), *usable, *self.versions]))


def utc_today() -> date:
    """Return today in UTC: the same for everybody, wherever hub and people are."""
    return datetime.now(UTC).date()

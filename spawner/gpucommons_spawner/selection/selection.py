"""A choice that the catalogue allows: what ``resolve`` returns, and pods are built from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gpucommons_spawner.catalogue.data import Data
from gpucommons_spawner.catalogue.environment import CUSTOM
from gpucommons_spawner.catalogue.idle import IdleRule
from gpucommons_spawner.catalogue.size import Size
from gpucommons_spawner.selection.past_run import pinned
from gpucommons_spawner.selection.person import Team

CHOICES = ("team", "environment", "version", "image", "digest", "size", "opens")
PROFILE = "profile"
"""A sentence about the choice, written by the hub for its admin page. Never read back."""


@dataclass(frozen=True, slots=True)
class Selection:
    """A choice that the catalogue allows this person, with what comes along with it."""

    team: Team
    environment: str
    version: str
    """``custom`` for an image that the person named."""
    size: str
    reference: str
    """The image as the catalogue, or the person, names it."""
    allocation: Size
    profile: str
    environment_title: str
    """What people read for ``environment``."""
    version_title: str
    """What people read for ``version``: of an image that they named, its name."""
    digest: str = ""
    """What its tag stood for when it ran last, where that must be started again."""
    data: Mapping[str, Data] = field(default_factory=dict)
    """What the session sees below /data, by name."""
    idle: IdleRule = field(default_factory=IdleRule)
    priority: str | None = None
    opens: str = ""
    """The program that it opens with; empty for what the hub's ``default_url`` says."""

    @property
    def image(self) -> str:
        """Return what the pod is given."""
        return pinned(self.reference, self.digest) if self.digest else self.reference

    def options(self) -> dict[str, str]:
        """Write the choice as it is stored, and accepted again by ``resolve``."""
        own = self.version == CUSTOM
        return {
            "team": self.team.name,
            "environment": self.environment,
            **({"image": self.reference} if own else {"version": self.version}),
            **({"digest": self.digest} if self.digest else {}),
            "size": self.size,
            **({"opens": self.opens} if self.opens else {}),
            PROFILE: self.profile,
        }

"""The last session as the page offers it again, and what its buttons mean. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gpucommons_spawner.availability.state import PersonState

FIELD = "resume"
"""Name of the buttons; their values are SAME and NOW."""
SAME, NOW = "same", "now"

Options = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Resume:
    """What a press of a button would start again."""

    title: str
    team: str
    size: str
    image: str
    """What is known of the image that "as last time" means, for people to read; may be empty."""
    reason: str | None = None
    """Why it can no longer be started; None if it can."""
    full: str = ""
    """Why there is no room for it now."""
    changed: str = ""
    """What people have to know when the version has another image now."""
    same: Options | None = None
    """As last time; None if that image is no longer allowed."""
    now: Options | None = None
    """The same choice with another image than last time; None if it is the same one."""

    def options(self, button: str) -> Options | None:
        """Return what a button means; None if it is off."""
        return {SAME: self.same, NOW: self.now}.get(button)


def with_room(offer: Resume, state: PersonState) -> Resume:
    """Add why the size is not to be had now, if so."""
    states = state.sizes_in(offer.team)
    full = next((size.reason for size in states if size.name == offer.size), None)
    return replace(offer, full=full or "")

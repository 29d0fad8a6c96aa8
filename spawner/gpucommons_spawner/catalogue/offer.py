"""What environments and sizes have in common."""

from collections.abc import Iterable

from gpucommons_contract.words import phrase
from pydantic import Field

from gpucommons_spawner.catalogue.base import CatalogueModel, Groups, Reason, Text


class Offer(CatalogueModel):
    """Something that can be chosen, by everybody or by some groups, now or not."""

    display_name: Text = Field(description="the name that people read")
    description: str = Field(default="", max_length=500, description="a sentence for people")
    access: Groups | None = Field(
        default=None,
        description=(
            "teams and other groups; only a session in one of these teams, or of a member of "
            "one of the other groups, may have it"
        ),
    )
    disabled: Reason = Field(
        default=None,
        description="listed as not available; the value is the reason people read",
    )
    advice: Text | None = Field(
        default=None,
        description=(
            "what to do about disabled, such as a command; only administrators see it, next to "
            "the reason"
        ),
    )

    def open_to(self, groups: Iterable[str]) -> bool:
        """Return whether a member of these groups may choose it."""
        return self.access is None or not set(self.access).isdisjoint(groups)

    def refusal(self, groups: Iterable[str]) -> str | None:
        """Say why a member of these groups cannot have it; None if they can."""
        if self.disabled:
            return self.disabled
        if not self.open_to(groups):
            who = ", ".join(self.access or ())
            return phrase("For members of %(groups)s. Ask an administrator for access.", groups=who)
        return None

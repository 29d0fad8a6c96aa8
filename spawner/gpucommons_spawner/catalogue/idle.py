"""Idle rules: when a session that nobody uses is warned, and stopped.

The catalogue only says so; each session carries its rule as annotations for the idle culler.
"""

from datetime import timedelta

from pydantic import Field

from gpucommons_spawner.catalogue.values import Duration
from gpucommons_spawner.part import Part


class IdleRule(Part):
    """What happens to an idle session. What is left out is the culler's own; null is never."""

    warn_after: Duration | None = Field(
        default=None, description="idle for so long, a session is warned; such as 30m"
    )
    stop_after: Duration | None = Field(
        default=None, description="idle for so long, a session is stopped; such as 1h"
    )
    keep_at_most: Duration | None = Field(
        default=None, description="for how long people may keep an idle session; such as 12h"
    )

    def over(self, usual: "IdleRule") -> "IdleRule":
        """Answer this rule, with what it leaves out taken from another."""
        said = {**usual.said(), **self.said()}
        return IdleRule.model_validate(said)

    def said(self) -> dict[str, timedelta | None]:
        """Answer what the rule says, null included, and nothing that it leaves out."""
        return {name: getattr(self, name) for name in sorted(self.model_fields_set)}

    @property
    def in_order(self) -> bool:
        """Whether the warning comes before the stop."""
        return (
            self.warn_after is None or self.stop_after is None or self.warn_after < self.stop_after
        )


class IdleRules(Part):
    """The default, and what sizes and teams say instead. A team counts before a size."""

    default: IdleRule = Field(default=IdleRule(), description="for every session")
    sizes: dict[str, IdleRule] = Field(
        default_factory=dict, description="for sessions of a size, by the size's name"
    )
    teams: dict[str, IdleRule] = Field(
        default_factory=dict, description="for sessions of a team, whatever their size"
    )

    def of(self, team: str, size: str) -> IdleRule:
        """Answer the rule of a session."""
        usual = self.sizes.get(size, IdleRule()).over(self.default)
        return self.teams.get(team, IdleRule()).over(usual)

    def out_of_order(self) -> list[tuple[str, str]]:
        """List the keys of the rules that, with what they take over, stop before they warn."""
        if not self.default.in_order:
            return [("default", "warn_after")]
        found = [
            ("sizes", name)
            for name, rule in self.sizes.items()
            if not rule.over(self.default).in_order
        ]
        return found or [
            ("teams", team)
            for team in self.teams
            if not all(self.of(team, size).in_order for size in ("", *self.sizes))
        ]

"""The catalogue's idle rules, as the idle culler asks for them."""

from collections.abc import Callable, Container
from dataclasses import replace
from datetime import datetime, timedelta

from gpucommons_culler.rule import Ending, IdleRule
from gpucommons_spawner.catalogue import Catalogue


class CatalogueRules:
    """Answers with what the catalogue in force says, so that a change counts at once."""

    def __init__(self, catalogue: Callable[[], Catalogue]) -> None:
        """``catalogue`` answers the one in force."""
        self._catalogue = catalogue

    def of(self, team: str, size: str, now: datetime) -> IdleRule:
        """Answer what holds now for a team's sessions of a size."""
        name, rule = self._catalogue().idle.at(team, size, now)
        said = rule.said()
        if said.get("warn_after", timedelta()) is None:
            del said["warn_after"]  # of what never ends
        for key in ("keep_at_most", "warm_up"):
            if said.get(key, timedelta()) is None:
                said[key] = timedelta()
        if "ending" in said:
            said["ending"] = Ending(said["ending"])
        return _in_order(IdleRule(name, **said), said)


def _in_order(rule: IdleRule, said: Container[str]) -> IdleRule:
    """Let a time that is not said make room for the one that is."""
    if rule.stop_after is None or rule.warn_after < rule.stop_after:
        return rule
    if "warn_after" in said:
        return replace(rule, stop_after=rule.warn_after * 2)
    return replace(rule, warn_after=rule.stop_after / 2)

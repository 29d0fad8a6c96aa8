"""The catalogue's idle rules for the idle culler, and an overview for its author."""

from collections.abc import Callable, Container, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gpucommons_contract.formats.wording import span
from gpucommons_culler.core.rule import EndAction, IdleRule
from gpucommons_spawner.catalogue import Catalogue


class CatalogueRules:
    """Reads the rules from the catalogue in force, so that a change counts at once."""

    def __init__(self, catalogue: Callable[[], Catalogue]) -> None:
        """``catalogue`` returns the one in force."""
        self._catalogue = catalogue

    def of(self, team: str, size: str, now: datetime) -> IdleRule:
        """Return the rule that applies now to a team's sessions of a size."""
        name, rule = self._catalogue().idle.at(team, size, now)
        said = rule.said()
        if said.get("warn_after", timedelta()) is None:
            del said["warn_after"]  # of what never ends
        for key in ("keep_at_most", "warm_up"):
            if said.get(key, timedelta()) is None:
                said[key] = timedelta()
        if "action" in said:
            said["action"] = EndAction(said["action"])
        return _in_order(IdleRule(name, **said), said)


def _in_order(rule: IdleRule, said: Container[str]) -> IdleRule:
    """Adjust the time that is not set to the one that is."""
    if rule.stop_after is None or rule.warn_after < rule.stop_after:
        return rule
    if "warn_after" in said:
        return replace(rule, stop_after=rule.warn_after * 2)
    return replace(rule, warn_after=rule.stop_after / 2)


def overview(catalogue: Catalogue) -> Iterator[str]:
    """Write for each size, and each team with its own rules, what applies outside schedules."""
    idle = catalogue.idle.model_copy(update={"schedules": ()})
    usual = catalogue.model_copy(update={"idle": idle})
    rules, now = CatalogueRules(lambda: usual), datetime.now(UTC)
    for size in catalogue.sizes:
        yield f"{size}: {in_words(rules.of('', size, now))}"
        for team in idle.teams:
            yield f"{size} in team {team}: {in_words(rules.of(team, size, now))}"
    for schedule in catalogue.idle.schedules:
        hours = schedule.hours
        days = ", ".join(hours.days)
        clock = f"{hours.begin:%H:%M} to {hours.end:%H:%M} {hours.time_zone}"
        whom = [f"size {each}" for each in schedule.sizes or ()]
        whom += [f"team {each}" for each in schedule.teams or ()]
        yield f"{schedule.name} ({days}, {clock}): overrides that for {' and '.join(whom) or 'all'}"


def in_words(rule: IdleRule) -> str:
    """Write a rule as a sentence."""
    if rule.stop_after is None:
        return "idle sessions are left alone"
    ending = "stopped"
    if rule.action is EndAction.RELEASE:
        ending = f"restarted as {rule.release_to}"
    pressure = " while somebody is waiting for the size" if rule.under_pressure else ""
    kept = "; cannot be kept"
    if rule.keep_at_most and rule.keep_times:
        kept = f"; can be kept for {_written(rule.keep_at_most)}, {rule.keep_times} times"
    return (
        f"warned after {_written(rule.warn_after)} of idleness; "
        f"{ending} after {_written(rule.stop_after)}{pressure}{kept}; "
        f"left alone for the first {_written(rule.warm_up)}"
    )


def _written(length: timedelta) -> str:
    return span(length.total_seconds())

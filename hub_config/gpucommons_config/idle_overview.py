"""What a catalogue's idle rules come to, in lines for its author."""

from collections.abc import Iterator
from datetime import UTC, datetime

from gpucommons_culler.rule import Ending, IdleRule
from gpucommons_culler.words import span
from gpucommons_spawner.catalogue import Catalogue

from gpucommons_config.idle_rules import CatalogueRules


def overview(catalogue: Catalogue) -> Iterator[str]:
    """Tell for each size, and each team with rules of its own, what holds outside of schedules."""
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
        yield f"{schedule.name} ({days}, {clock}): goes over that for {' and '.join(whom) or 'all'}"


def in_words(rule: IdleRule) -> str:
    """Write a rule as a sentence."""
    if rule.stop_after is None:
        return "idle sessions are left alone"
    ending = "end"
    if rule.ending is Ending.RELEASE:
        ending = f"go on as {rule.release_to}"
    pressure = " while somebody waits for the size" if rule.under_pressure else ""
    kept = "; cannot be kept"
    if rule.keep_at_most and rule.keep_times:
        kept = f"; can be kept for {span(rule.keep_at_most)}, {rule.keep_times} times"
    return (
        f"idle for {span(rule.warn_after)} they are warned, for {span(rule.stop_after)} they "
        f"{ending}{pressure}{kept}; left alone for the first {span(rule.warm_up)}"
    )

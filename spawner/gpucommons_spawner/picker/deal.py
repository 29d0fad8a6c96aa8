"""What comes with a start: what is known of it, and what happens to an unused session. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from gpucommons_contract.formats.wording import joined, span
from gpucommons_contract.words import listed, phrase, sentences

from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.selection.person import Team


def facts(gpu: str, limit: str, took: str) -> str:
    """Join what is known of a start: the GPU's model, the longest duration, the last starts."""
    return listed(filter(None, (gpu, limit, took)), " · ")


def idle_terms(catalogue: Catalogue, team: str) -> Mapping[str, str]:
    """Say of each size when an unused session is warned, and what happens then.

    team: the name of the session's team; empty for what holds in general.
    """
    return {size: _of_size(catalogue, team, size) for size in catalogue.sizes}


def idle_terms_of_teams(
    catalogue: Catalogue, teams: Iterable[Team]
) -> Mapping[str, Mapping[str, str]]:
    """Return the same by team, of those in which it is not as in general."""
    general = idle_terms(catalogue, "")
    found = {team.name: idle_terms(catalogue, team.name) for team in teams}
    return {team: terms for team, terms in found.items() if terms != general}


def _of_size(catalogue: Catalogue, team: str, size: str) -> str:
    schedules = [one.name for one in catalogue.idle.schedules if one.concerns(team, size)]
    words = _of_rule(catalogue.idle.of(team, size).said(), catalogue)
    if not schedules:
        return words
    other = phrase("Other rules apply during %(schedules)s.", schedules=joined(schedules))
    return sentences(words, other)


def _of_rule(said: Mapping[str, Any], catalogue: Catalogue) -> str:
    """Word what a rule says. What it leaves out is up to the idle culler."""
    if "stop_after" in said and said["stop_after"] is None:
        return phrase("It is not stopped for being unused.")
    warned = phrase("warned")
    if time := said.get("warn_after"):
        warned = phrase("warned after %(time)s", time=span(time.total_seconds()))
    values = {"warned": warned, "then": _then(said, catalogue)}
    if said.get("under_pressure"):
        return phrase("If unused: %(warned)s, %(then)s if others wait for it.", **values)
    return phrase("If unused: %(warned)s, %(then)s.", **values)


def _then(said: Mapping[str, Any], catalogue: Catalogue) -> str:
    after = said.get("stop_after")
    time = span(after.total_seconds()) if after else ""
    if said.get("action") == "release":
        size = catalogue.sizes[said["release_to"]].display_name
        if time:
            return phrase("goes on as %(size)s after %(time)s", size=size, time=time)
        return phrase("goes on as %(size)s", size=size)
    return phrase("stopped after %(time)s", time=time) if time else phrase("stopped")

"""A link that preselects: what it asks for, and what of it cannot be had. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from gpucommons_spawner.catalogue import Catalogue
from gpucommons_spawner.selection import Person, resolve
from gpucommons_spawner.selection_error import SelectionError

PREFIX = "opt-"
"""What the parameters begin with, as JupyterHub has it."""
_IMAGES = ("environment", "version", "image")
"""They belong together: a version of one environment says nothing about another."""


@dataclass(frozen=True, slots=True)
class Preselection:
    """What to preselect, and what to tell about the rest, a sentence each."""

    wanted: Mapping[str, object]
    problems: tuple[str, ...] = ()


def choice_of_link(parameters: Mapping[str, list[bytes]]) -> dict[str, object]:
    """Read what a link asks for. What does not begin with ``opt-`` is none of it."""
    texts = {key: [each.decode(errors="replace") for each in parameters[key]] for key in parameters}
    return {
        key.removeprefix(PREFIX): values[0] if len(values) == 1 else values
        for key, values in texts.items()
        if key.startswith(PREFIX)
    }


def preselect(
    link: Mapping[str, object],
    last: Mapping[str, object],
    person: Person,
    catalogue: Catalogue,
    today: date,
) -> Preselection:
    """Put what a link asks for in the place of the last choice, as far as it can be had.

    Where the link names no team, it is enough that one of the person's teams has it all.
    """
    if not link or not person.teams:
        return Preselection(last)
    problems: list[str] = []
    names = [team.name for team in person.teams]
    if "team" in link and link["team"] not in names:
        _, problems = _checked({"team": link["team"]}, person, catalogue, today)
        link = {key: value for key, value in link.items() if key != "team"}
    if "team" not in link:
        tried = [_checked(link, person, catalogue, today, team) for team in names]
        least = min(len(told) for _, told in tried)
        good, told = next(found for found in tried if len(found[1]) == least)
        possible = [name for name, found in zip(names, tried, strict=True) if found[1] == told]
        if len(possible) == 1:  # no guess: it is to be had in this team alone
            good["team"] = possible[0]
    else:
        good, told = _checked(link, person, catalogue, today)
    kept = {
        key: value
        for key, value in last.items()
        if key not in _IMAGES or not good.keys() & set(_IMAGES)
    }
    return Preselection({**kept, **good}, (*problems, *told))


def _checked(
    link: Mapping[str, object],
    person: Person,
    catalogue: Catalogue,
    today: date,
    team: str | None = None,
) -> tuple[dict[str, object], list[str]]:
    """Take out of a link what cannot be had, and say why."""
    good, problems = dict(link), []
    with_team = {"team": team} if team else {}
    while good:
        try:
            resolve({**with_team, **good}, person, catalogue, today)
        except SelectionError as error:
            if error.option not in good:
                break  # what the link leaves open: the page asks for it
            problems.append(str(error))
            del good[error.option]
            if error.option == "environment":
                good = {key: value for key, value in good.items() if key not in _IMAGES}
        else:
            break
    return good, problems

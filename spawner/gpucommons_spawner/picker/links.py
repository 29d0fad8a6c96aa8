"""Links to the picker preselect, and start nothing, however many requests come at once.

A spawner is shared by all requests for its server. Which request is being answered is known by
the task alone: Tornado answers each request in one of its own.
"""

import weakref
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus

from gpucommons_contract.words import phrase
from jupyterhub.handlers import BaseHandler
from jupyterhub.handlers.pages import SpawnHandler

from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.errors import SpawnRefusedError
from gpucommons_spawner.selection.errors import SelectionError
from gpucommons_spawner.selection.person import Person
from gpucommons_spawner.selection.resolve import resolve

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
    """Read what a link asks for. What does not begin with ``opt-`` is not part of it."""
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
        if len(possible) == 1:  # no guess: it is available in this team alone
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


_OF_JUPYTERHUB = {"next", "display_name"}
"""Parameters of the page's address that JupyterHub reads itself."""
_REQUEST: ContextVar["weakref.ref[BaseHandler] | None"] = ContextVar("request", default=None)
"""The request that this task answers. A session's tasks outlive it, and must not keep it."""
_LINK: ContextVar[Mapping[str, object] | None] = ContextVar("link", default=None)
"""What the link asks for that led to the page which this task draws."""


def note_request(handler: BaseHandler | None) -> None:
    """Note the request that this task answers. Call it in that very task."""
    _REQUEST.set(weakref.ref(handler) if handler is not None else None)


def take_link_out() -> None:
    """Take what a link asks for out of the request, and keep it for the page.

    A link is there to preselect. JupyterHub would start at once, whoever has made somebody
    follow it. Call it before JupyterHub reads the request.
    """
    found = _REQUEST.get()
    handler = found() if found else None
    if isinstance(handler, SpawnHandler) and handler.request.method == "GET":
        asked = handler.request.query_arguments
        _LINK.set(choice_of_link(asked))
        for key in asked.keys() - _OF_JUPYTERHUB:
            del asked[key]


def link_of_request() -> Mapping[str, object]:
    """Return what the link that led to the page being drawn asks for; empty without one."""
    return _LINK.get() or {}


def refused_link() -> SpawnRefusedError:
    """Refuse what a link asks for: whatever led here, a link starts nothing."""
    return SpawnRefusedError(
        phrase("A link chooses, and starts nothing. Choose on this page."),
        kind="link",
        status=HTTPStatus.FORBIDDEN,
    )

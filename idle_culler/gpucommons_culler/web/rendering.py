"""Pages from templates, and what they say of a session."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import jinja2
from gpucommons_contract.wording import moment, rough_span, span
from markupsafe import Markup

from gpucommons_culler.core.case import Case
from gpucommons_culler.core.decision import Action, Verdict
from gpucommons_culler.core.records import EventKind, Scope
from gpucommons_culler.core.rule import EndAction
from gpucommons_culler.core.signals import SignalName

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
_OFFERED = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=12))
_MINUTE = timedelta(minutes=1)
STATES = {
    Verdict.NEVER: "Never stopped",
    Verdict.EXEMPT: "Exempt",
    Verdict.WARMING_UP: "Just started",
    Verdict.KEPT: "Kept",
    Verdict.ACTIVE: "In use",
    Verdict.UNKNOWN: "Unknown",
    Verdict.IDLE: "Idle",
    Verdict.IDLE_HELD: "Idle, holds GPU memory",
}
"""How pages call a verdict."""


def lengths_to_keep(left: timedelta) -> list[tuple[str, str]]:
    """Offer lengths of time, as hours for the form and in words."""
    whole = left // _MINUTE * _MINUTE
    lengths = [each for each in _OFFERED if each < whole] + [whole] * (whole > timedelta())
    return [(repr(each / timedelta(hours=1)), span(each.total_seconds())) for each in lengths]


def kind_words(kind: str) -> str:
    """Write what happened: ``Would stop``."""
    return kind.replace("-", " ").capitalize()


def measure_words(name: str) -> str:
    """Write what a signal looks at."""
    return "GPU" if name == SignalName.GPU else name.capitalize()


def at(when: datetime) -> Markup:
    """Write a moment as an element; a script replaces it by the reader's own time."""
    return Markup('<time datetime="{}">{}</time>').format(when.isoformat(), moment(when))


def age(since: timedelta) -> str:
    """Write how long something has lasted."""
    return rough_span(since.total_seconds())


def length(given: timedelta) -> str:
    """Write a length of time that somebody set."""
    return span(given.total_seconds())


def session_path(user: str, server: str = "") -> str:
    """Return the part of an address that names a session."""
    return "/".join(quote(part, safe="") for part in (user, server) if part)


def following(case: Case) -> tuple[str, datetime] | None:
    """Return the next step and its moment; None where the reason says all, or none follows."""
    decision = case.decision
    if decision.action in (Action.STOP, Action.RELEASE):
        return None
    if when := case.ends_at:
        releases = case.rule.action is EndAction.RELEASE
        words = "It will restart without its GPU at" if releases else "It will be stopped at"
        return words, when
    if decision.next_at and decision.verdict in (Verdict.ACTIVE, Verdict.UNKNOWN):
        return "The earliest time of a warning is", decision.next_at
    return None


_pages = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
_pages.filters.update(kind=kind_words, measure=measure_words, age=age, span=length)
_pages.globals.update(
    at=at,
    states=STATES,
    kinds=list(EventKind),
    scopes=list(Scope),
    following=following,
    lengths_to_keep=lengths_to_keep,
    session_path=session_path,
)


def render(template: str, values: Mapping[str, object]) -> str:
    """Write a page."""
    return _pages.get_template(template).render(values)


class Titles(Protocol):
    """What environments and sizes are called for people, such as by the catalogue's file."""

    def environment(self, name: str) -> str:
        """Return an environment's name for people; the name itself if it has none."""

    def size(self, name: str) -> str:
        """Return a size's name for people; the name itself if it has none."""


class PlainTitles:
    """Calls everything by its name."""

    def environment(self, name: str) -> str:
        """Return the name."""
        return name

    def size(self, name: str) -> str:
        """Return the name."""
        return name

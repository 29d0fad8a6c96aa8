"""Pages from templates, and what they say of a session."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from gpucommons_contract.formats.wording import rough_span, span
from gpucommons_contract.words import ENGLISH, deferred, phrase, set_language
from gpucommons_web.rendering import pages_of

from gpucommons_culler.core.case import Case
from gpucommons_culler.core.decision import Action, Verdict
from gpucommons_culler.core.records import EventKind, Scope
from gpucommons_culler.core.rule import EndAction
from gpucommons_culler.core.signals import SignalName

_ENGLISH_PAGES = {"exemptions.html", "history.html", "sessions.html"}
"""Those for administrators, which are not translated."""
_HERE = Path(__file__).parent
STATIC = _HERE / "static"
_OFFERED = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=12))
_MINUTE = timedelta(minutes=1)
STATES = {
    Verdict.NEVER: phrase("Never stopped"),
    Verdict.EXEMPT: phrase("Exempt"),
    Verdict.WARMING_UP: phrase("Just started"),
    Verdict.KEPT: phrase("Kept"),
    Verdict.ACTIVE: phrase("In use"),
    Verdict.UNKNOWN: phrase("Unknown"),
    Verdict.IDLE: phrase("Idle"),
    Verdict.IDLE_HELD: phrase("Idle, holds GPU memory"),
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
        words = (
            deferred("It will restart without its GPU at %(moment)s.")
            if releases
            else deferred("It will be stopped at %(moment)s.")
        )
        return words, when
    if decision.next_at and decision.verdict in (Verdict.ACTIVE, Verdict.UNKNOWN):
        return deferred("The earliest time of a warning is %(moment)s."), decision.next_at
    return None


_pages = pages_of(_HERE / "templates")
_pages.filters.update(kind=kind_words, measure=measure_words, age=age, span=length)
_pages.globals.update(
    states=STATES,
    kinds=list(EventKind),
    scopes=list(Scope),
    following=following,
    lengths_to_keep=lengths_to_keep,
    session_path=session_path,
)


def render(template: str, values: Mapping[str, object]) -> str:
    """Write a page, in the language of the request if there is a translation."""
    if template in _ENGLISH_PAGES:
        set_language(ENGLISH)
    return _pages.get_template(template).render(values)

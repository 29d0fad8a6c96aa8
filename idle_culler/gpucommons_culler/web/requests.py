"""Read what is requested by a form, a query or JSON. Each error says what is allowed."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from gpucommons_contract import UserNameError, user_name
from gpucommons_contract.formats.names import is_team_name
from gpucommons_web.access import wrong
from gpucommons_web.fields import Fields, moment_of, one, text, whole_number

from gpucommons_culler.core.decision import Verdict
from gpucommons_culler.core.records import EventFilter, EventKind, Scope

_FORMER_VERDICT = "state"
"""What the field ``verdict`` was called; scripts may still send it."""
LONGEST_EXEMPTION = timedelta(days=366)
_LONGEST_REASON = 500
"""Characters."""
_LONGEST_NAME = 255
_LONGEST_KEEP_HOURS = 24 * 366
_MOST_EVENTS = 1000
_EVENTS = 100


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Which sessions are wanted; None is all."""

    user: str | None = None
    team: str | None = None
    size: str | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Paging:
    """One page of a long list."""

    limit: int = _EVENTS
    before: int | None = None


@dataclass(frozen=True, slots=True)
class WantedExemption:
    """An exemption that is requested."""

    scope: Scope
    name: str
    until: datetime
    reason: str


def hours(fields: Fields) -> timedelta:
    """Return the length of time in the field ``hours``."""
    value = one(fields, "hours")
    try:
        number = math.nan if isinstance(value, bool) else float(str(value))
    except ValueError:
        number = math.nan
    if not 0 < number <= _LONGEST_KEEP_HOURS:
        raise wrong("hours must be a positive number of hours, such as 2 or 0.5.")
    return timedelta(hours=number)


def session_filter(fields: Fields) -> SessionFilter:
    """Return which sessions are wanted."""
    verdict = text(fields, "verdict") or text(fields, _FORMER_VERDICT)
    if verdict is not None and verdict not in set(Verdict):
        raise wrong(f"verdict {verdict!r} is unknown. It must be one of: {', '.join(Verdict)}.")
    return SessionFilter(
        text(fields, "user"),
        text(fields, "team"),
        text(fields, "size"),
        Verdict(verdict) if verdict else None,
    )


def event_filter(fields: Fields) -> EventFilter:
    """Return which events are wanted. ``kind`` may be given several times."""
    kinds = {str(kind) for kind in fields.get("kind", ()) if kind}
    if unknown := sorted(kinds.difference(EventKind)):
        raise wrong(f"kind {unknown[0]!r} is unknown. It must be one of: {', '.join(EventKind)}.")
    return EventFilter(
        user=text(fields, "user"),
        team=text(fields, "team"),
        size=text(fields, "size"),
        kinds=frozenset(map(EventKind, kinds)),
        since=moment_of(fields, "since"),
        until=moment_of(fields, "until", whole_day=True),
    )


def page(fields: Fields, usual: int = _EVENTS) -> Paging:
    """Return which page of events is wanted."""
    limit = whole_number(fields, "limit", _MOST_EVENTS)
    return Paging(limit or usual, whole_number(fields, "before", 2**63 - 1))


def exemption(fields: Fields, now: datetime) -> WantedExemption:
    """Return the exemption that is requested."""
    scope, name = text(fields, "scope"), text(fields, "name")
    until, reason = moment_of(fields, "until", whole_day=True), text(fields, "reason")
    if scope not in set(Scope):
        raise wrong(f"scope must be one of: {', '.join(Scope)}.")
    if name is None or len(name) > _LONGEST_NAME:
        raise wrong(
            "name must be the name of a person or a team, or of a session as NAME or NAME/SERVER."
        )
    if until is None or not now < until <= now + LONGEST_EXEMPTION:
        raise wrong("until must be a date within the next year; an exemption cannot be open-ended.")
    if reason is None or len(reason) > _LONGEST_REASON:
        raise wrong(f"reason must say why, in at most {_LONGEST_REASON} characters.")
    return WantedExemption(Scope(scope), _exempt_name(Scope(scope), name), until, reason)


def _exempt_name(scope: Scope, name: str) -> str:
    """Return a name as the hub writes it: with another no session would match."""
    if scope is Scope.TEAM:
        if is_team_name(team := name.lower()):
            return team
        raise wrong(f"No team can be called {name!r}: a to z, digits and -, up to 40 characters.")
    person, slash, server = name.partition("/")
    try:
        return user_name(person) + slash * bool(server) + server
    except UserNameError as error:
        raise wrong(str(error)) from None

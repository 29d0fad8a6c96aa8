"""Where people's requests come in: who may see and do what, and its line in the audit."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import ParamSpec, TypeVar

from gpucommons_culler.keep_refused import KeepRefusedError
from gpucommons_culler.records import (
    AuditLine,
    Event,
    EventFilter,
    EventKind,
    KeptExemption,
    Scope,
)
from gpucommons_culler.session import SessionKey
from gpucommons_culler.store import Store
from gpucommons_culler.store_errors import NoSuchExemption, StoreUnavailable
from gpucommons_culler.web.asked import Page, SessionFilter, WantedExemption
from gpucommons_culler.web.judge import Judge, View
from gpucommons_culler.web.person import Person
from gpucommons_culler.web.refused import RefusedError, forbidden, missing
from gpucommons_culler.words import moment

_AT_ONCE = 500
"""Events that are read together where all are wanted."""
_Parameters = ParamSpec("_Parameters")
_Answer = TypeVar("_Answer")


class Desk:
    """Answers requests. All methods raise RefusedError with what the person is to read."""

    def __init__(self, judge: Judge, store: Store, now: Callable[[], datetime]) -> None:
        """now: tells the time in UTC."""
        self._judge = judge
        self._store = store
        self.now = now

    def sessions(self, person: Person, which: SessionFilter) -> list[View]:
        """All sessions that the person may see, those that end soonest first."""
        found = [view for view in self._judge.views if _may_see(person, view.session.key.user)]
        return sorted((view for view in found if _fits(view, which)), key=_urgency)

    def own(self, person: Person) -> list[View]:
        """The person's own sessions."""
        return self.sessions(person, SessionFilter(user=person.name)) if person.name else []

    async def explain(self, person: Person, user: str, server: str) -> View:
        """One session, asked and judged anew."""
        key = self._find(person, user, server).session.key
        view = await self._judge.explain(key)
        if view is None:
            raise _not_running(user, server)
        return view

    async def keep(self, person: Person, user: str, server: str, length: timedelta) -> datetime:
        """Keep a session; answers until when."""
        key = self._find(person, user, server).session.key
        try:
            return await self._judge.keep(key, person.title, length)
        except KeepRefusedError as error:
            raise RefusedError(HTTPStatus.CONFLICT, str(error)) from error
        except StoreUnavailable as error:
            raise _no_store() from error

    async def events(self, person: Person, which: EventFilter, page: Page) -> list[AuditLine]:
        """One page of the audit."""
        which = _own_events(person, which)
        return await self._stored(self._store.events, which, page.limit, page.before)

    async def every_event(self, person: Person, which: EventFilter) -> AsyncIterator[AuditLine]:
        """All of the audit, without all of it in memory."""
        page: Page | None = Page(_AT_ONCE)
        while page:
            lines = await self.events(person, which, page)
            for line in lines:
                yield line
            page = Page(_AT_ONCE, lines[-1].number) if len(lines) == _AT_ONCE else None

    async def exemptions(self, person: Person) -> list[KeptExemption]:
        """All exemptions that stand."""
        _for_administrators(person)
        return await self._stored(self._store.exemptions, self.now())

    async def exempt(self, person: Person, wanted: WantedExemption) -> KeptExemption:
        """Exempt somebody from the rules, until an end."""
        _for_administrators(person)
        now = self.now()
        kept = KeptExemption(
            wanted.scope, wanted.name, now, wanted.until, person.title, wanted.reason
        )
        until = moment(wanted.until, now)
        what = f"{person.title} exempted {_named(kept)} until {until}: {wanted.reason}"
        event = _of_exemption(kept, EventKind.EXEMPTED, now, person, what)
        return replace(kept, number=await self._stored(self._store.exempt, kept, event))

    async def end_exemption(self, person: Person, number: int) -> KeptExemption:
        """End an exemption before its time."""
        standing = {each.number: each for each in await self.exemptions(person)}
        gone = missing(f"No exemption {number} stands. It may have ended already.")
        if number not in standing:
            raise gone
        kept, now = standing[number], self.now()
        what = f"{person.title} ended the exemption of {_named(kept)}."
        event = _of_exemption(kept, EventKind.EXEMPTION_ENDED, now, person, what)
        try:
            await self._stored(self._store.end_exemption, number, now, event)
        except NoSuchExemption as error:
            raise gone from error
        return kept

    def _find(self, person: Person, user: str, server: str) -> View:
        for view in self._judge.views:
            key = view.session.key
            if (key.user, key.server) == (user, server) and _may_see(person, user):
                return view
        raise _not_running(user, server)

    @staticmethod
    async def _stored(
        call: Callable[_Parameters, _Answer],
        *arguments: _Parameters.args,
        **more: _Parameters.kwargs,
    ) -> _Answer:
        try:
            return await asyncio.to_thread(call, *arguments, **more)
        except StoreUnavailable as error:
            raise _no_store() from error


def _may_see(person: Person, user: str) -> bool:
    return person.administers or (person.name is not None and person.name == user)


def _fits(view: View, which: SessionFilter) -> bool:
    session = view.session
    return (
        which.user in (None, session.key.user)
        and which.team in (None, session.team)
        and which.size in (None, session.size)
        and which.verdict in (None, view.decision.verdict)
    )


def _urgency(view: View) -> tuple[bool, float, str]:
    """Put those that are warned first, then those with a next step, then the rest."""
    countdown, key = view.facts.countdown, view.session.key
    ends = countdown.stop_at if countdown else view.decision.next_at
    return countdown is None, ends.timestamp() if ends else float("inf"), key.name


def _own_events(person: Person, which: EventFilter) -> EventFilter:
    if person.administers:
        return which
    if person.name is None or which.user not in (None, person.name):
        raise forbidden("You may see what happened to your own sessions only. Leave user out.")
    return replace(which, user=person.name)


def _for_administrators(person: Person) -> None:
    if not person.administers:
        raise forbidden("Exemptions are for administrators. Ask one of them.")


def _not_running(user: str, server: str) -> RefusedError:
    name = f"{user}/{server}" if server else user
    return missing(f"No session {name} of yours runs, or the culler has not seen it yet.")


def _no_store() -> RefusedError:
    message = "The culler's records cannot be reached at the moment. Try again in a minute."
    return RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, message)


def _named(kept: KeptExemption) -> str:
    return f"{'the ' if kept.scope is not Scope.USER else ''}{kept.scope} {kept.name}"


def _of_exemption(
    kept: KeptExemption, kind: EventKind, now: datetime, person: Person, reason: str
) -> Event:
    """Write a line of the audit that the filters for person and team find."""
    user, _, server = kept.name.partition("/") if kept.scope is not Scope.TEAM else ("", "", "")
    return Event(
        at=now,
        kind=kind,
        session=SessionKey(user, server, kept.at),
        team=kept.name if kept.scope is Scope.TEAM else "",
        size="",
        reason=reason,
        by=person.title,
        until=kept.until,
    )

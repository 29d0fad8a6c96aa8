"""What callers may see and do, and the lines that it leaves in the audit."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import ParamSpec, Protocol, TypeVar

from gpucommons_contract.formats.wording import moment
from gpucommons_upkeep.errors import StoreUnavailableError
from gpucommons_upkeep.logs import put_on_record
from gpucommons_web.access import Caller, RefusedError, forbidden, missing, wrong

from gpucommons_culler.core.case import Case
from gpucommons_culler.core.errors import HubError, KeepRefusedError, NoSuchExemptionError
from gpucommons_culler.core.records import (
    AuditLine,
    Event,
    EventFilter,
    EventKind,
    Scope,
    StoredExemption,
)
from gpucommons_culler.core.session import SessionKey
from gpucommons_culler.database.store import Store
from gpucommons_culler.web.requests import Paging, SessionFilter, WantedExemption

_AT_ONCE = 500
"""Events that are read together where all are wanted."""
HasPerson = Callable[[str], Awaitable[bool]]
"""Asks the hub whether it knows somebody of a name; raises HubError."""
_Parameters = ParamSpec("_Parameters")
_Answer = TypeVar("_Answer")


class Culler(Protocol):
    """What judges sessions, and keeps them."""

    @property
    def cases(self) -> Sequence[Case]:
        """All sessions as they were judged last."""

    @property
    def troubles(self) -> Sequence[str]:
        """What keeps it from knowing all, as sentences."""

    async def explain(self, key: SessionKey) -> Case | None:
        """Ask one session and judge it again; None if it is not known."""

    async def keep(self, key: SessionKey, by: str, length: timedelta) -> datetime:
        """Keep a session; returns until when (UTC). Raises KeepRefusedError."""


class IdleAPI:
    """Serves pages and API. All methods raise RefusedError with a message for the person."""

    def __init__(
        self,
        culler: Culler,
        store: Store,
        now: Callable[[], datetime],
        *,
        changed: Callable[[], None] = lambda: None,
        has_person: HasPerson | None = None,
    ) -> None:
        """now: returns the time in UTC. changed: called after a change that the culler must act
        on. has_person: asks the hub; without it no name is looked up.
        """
        self._culler = culler
        self._store = store
        self.now = now
        self._changed = changed
        self._has_person = has_person

    def sessions(self, person: Caller, which: SessionFilter) -> list[Case]:
        """All sessions that the person may see, those that end soonest first."""
        found = [case for case in self._culler.cases if _may_see(person, case.session.key.user)]
        return sorted((case for case in found if _fits(case, which)), key=_urgency)

    def own(self, person: Caller) -> list[Case]:
        """The person's own sessions."""
        return self.sessions(person, SessionFilter(user=person.name)) if person.name else []

    def troubles(self, person: Caller) -> list[str]:
        """What keeps the culler from knowing all of sessions."""
        if not person.administers:
            raise forbidden("Only administrators see what cannot be measured. Ask one of them.")
        return list(self._culler.troubles)

    async def explain(self, person: Caller, user: str, server: str) -> Case:
        """One session, asked and judged again."""
        key = self._find(person, user, server).session.key
        case = await self._culler.explain(key)
        if case is None:
            raise _not_running(person, user, server)
        return case

    async def keep(self, person: Caller, user: str, server: str, length: timedelta) -> datetime:
        """Keep a session; returns until when."""
        key = self._find(person, user, server).session.key
        try:
            until = await self._culler.keep(key, person.title, length)
        except KeepRefusedError as error:
            raise RefusedError(HTTPStatus.CONFLICT, str(error)) from error
        except StoreUnavailableError as error:
            raise _no_store() from error
        self._changed()
        return until

    async def events(self, person: Caller, which: EventFilter, page: Paging) -> list[AuditLine]:
        """One page of the audit."""
        which = _own_events(person, which)
        return await self._stored(self._store.events, which, page.limit, page.before)

    async def every_event(self, person: Caller, which: EventFilter) -> AsyncIterator[AuditLine]:
        """All of the audit, without all of it in memory."""
        page: Paging | None = Paging(_AT_ONCE)
        while page:
            lines = await self.events(person, which, page)
            for line in lines:
                yield line
            page = Paging(_AT_ONCE, lines[-1].number) if len(lines) == _AT_ONCE else None

    async def exemptions(self, person: Caller) -> list[StoredExemption]:
        """All exemptions in force."""
        _for_administrators(person)
        return await self._stored(self._store.exemptions, self.now())

    async def exempt(self, person: Caller, wanted: WantedExemption) -> StoredExemption:
        """Exempt somebody whom the hub knows from the rules, until an end."""
        _for_administrators(person)
        await self._look_up(wanted)
        now = self.now()
        kept = StoredExemption(
            wanted.scope, wanted.name, now, wanted.until, person.title, wanted.reason
        )
        until = moment(wanted.until)
        what = f"{person.title} exempted {_exemption_target(kept)} until {until}: {wanted.reason}"
        event = _of_exemption(kept, EventKind.EXEMPTED, now, person, what)
        details = {"until": moment(kept.until), "reason": kept.reason}
        _put_on_record("exempt", kept, person, details)
        number = await self._stored(self._store.exempt, kept, event)
        self._changed()
        return replace(kept, number=number)

    def doubt(self, kept: StoredExemption) -> str | None:
        """Say why an exemption may be of no use; None if it is of use now.

        The hub has no list of teams to look one up in.
        """
        teams = {case.session.team for case in self._culler.cases}
        if kept.scope is not Scope.TEAM or kept.name in teams:
            return None
        return f"No session of the team {kept.name} is running now. Check that the name is right."

    async def _look_up(self, wanted: WantedExemption) -> None:
        """Refuse a name that nobody has: with a typo in it nobody would be exempt."""
        if wanted.scope is Scope.TEAM or self._has_person is None:
            return
        name = wanted.name.partition("/")[0]
        try:
            known = await self._has_person(name)
        except HubError as error:
            message = f"Whether anybody is called {name} cannot be checked now: {error}"
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, message) from error
        if not known:
            raise wrong(
                f"The hub knows nobody called {name}. Write the name as in the list of all "
                "sessions; a person who has never signed in cannot be exempt yet."
            )

    async def end_exemption(self, person: Caller, number: int) -> StoredExemption:
        """End an exemption before its time."""
        in_force = {each.number: each for each in await self.exemptions(person)}
        gone = missing(f"There is no exemption {number}. It may have ended already.")
        if number not in in_force:
            raise gone
        kept, now = in_force[number], self.now()
        what = f"{person.title} ended the exemption of {_exemption_target(kept)}."
        event = _of_exemption(kept, EventKind.EXEMPTION_ENDED, now, person, what)
        _put_on_record("end exemption", kept, person, {})
        try:
            await self._stored(self._store.end_exemption, number, now, event)
        except NoSuchExemptionError as error:
            raise gone from error
        return kept

    def _find(self, person: Caller, user: str, server: str) -> Case:
        for case in self._culler.cases:
            key = case.session.key
            if (key.user, key.server) == (user, server) and _may_see(person, user):
                return case
        raise _not_running(person, user, server)

    @staticmethod
    async def _stored(
        call: Callable[_Parameters, _Answer],
        *arguments: _Parameters.args,
        **more: _Parameters.kwargs,
    ) -> _Answer:
        try:
            return await asyncio.to_thread(call, *arguments, **more)
        except StoreUnavailableError as error:
            raise _no_store() from error


def _may_see(person: Caller, user: str) -> bool:
    return person.administers or (person.name is not None and person.name == user)


def _fits(case: Case, which: SessionFilter) -> bool:
    session = case.session
    return (
        which.user in (None, session.key.user)
        and which.team in (None, session.team)
        and which.size in (None, session.size)
        and which.verdict in (None, case.decision.verdict)
    )


def _urgency(case: Case) -> tuple[bool, float, str]:
    """Put those that are warned first, then those with a next step, then the rest."""
    countdown, key = case.facts.countdown, case.session.key
    ends = countdown.stop_at if countdown else case.decision.next_at
    return countdown is None, ends.timestamp() if ends else float("inf"), key.name


def _own_events(person: Caller, which: EventFilter) -> EventFilter:
    if person.administers:
        return which
    if person.name is None or which.user not in (None, person.name):
        raise forbidden("You can only see what happened to your own sessions. Leave user out.")
    return replace(which, user=person.name)


def _for_administrators(person: Caller) -> None:
    if not person.administers:
        raise forbidden("Only administrators manage exemptions. Ask one of them.")


def _not_running(person: Caller, user: str, server: str) -> RefusedError:
    name = f"{user}/{server}" if server else user
    whose = "" if person.administers else " of yours"
    return missing(f"No session {name}{whose} is running, or the culler has not seen it yet.")


def _no_store() -> RefusedError:
    message = "The culler's records cannot be reached at the moment. Try again in a minute."
    return RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, message)


def _exemption_target(kept: StoredExemption) -> str:
    return f"{'the ' if kept.scope is not Scope.USER else ''}{kept.scope} {kept.name}"


def _put_on_record(
    action: str, kept: StoredExemption, person: Caller, details: Mapping[str, object]
) -> None:
    target = _exemption_target(kept)
    put_on_record(action, person.title, {"subject": target, "details": details}, on=target)


def _of_exemption(
    kept: StoredExemption, kind: EventKind, now: datetime, person: Caller, reason: str
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

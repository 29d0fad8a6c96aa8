"""The pages: own sessions, all sessions, one session, the history, exemptions."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from gpucommons_contract.formats.wording import moment
from gpucommons_contract.words import phrase
from gpucommons_web.access import RefusedError, forbidden
from gpucommons_web.fields import Fields, page_number
from gpucommons_web.pages import FramedPage
from gpucommons_web.titles import Titles
from jupyterhub.services.auth import HubOAuth, HubOAuthCallbackHandler

from gpucommons_culler.core.records import EventFilter
from gpucommons_culler.web.rendering import render, session_path
from gpucommons_culler.web.requests import (
    LONGEST_EXEMPTION,
    Paging,
    SessionFilter,
    event_filter,
    exemption,
    hours,
    page,
    session_filter,
)
from gpucommons_culler.web.service import IdleAPI


@dataclass(frozen=True, slots=True)
class Frame:
    """What all pages show: how things are called, and whether nothing is really done."""

    titles: Titles
    lab_name: str
    dry_run: bool


class PageHandler(FramedPage):
    """Draws pages. They work without scripts."""

    def initialize(self, hub_auth: HubOAuth, api: IdleAPI, frame: Frame) -> None:
        """Take what the application gives."""
        self.hub_auth = hub_auth
        self.api = api
        self._frame = frame

    def for_administrators(self) -> None:
        """Refuse everybody else."""
        if not self.person.administers:
            raise forbidden(
                phrase("This page is for administrators. Your own sessions are listed here.")
            )

    def draw(self, template: str, **values: Any) -> None:  # noqa: ANN401
        """Respond with a page."""
        frame = {
            "now": self.api.now(),
            "dry_run": self._frame.dry_run,
            "titles": self._frame.titles,
            "lab_name": self._frame.lab_name,
        }
        self.finish(render(template, values | frame | self.surroundings()))


class NothingHere(PageHandler):
    """An address that does not exist."""

    async def prepare(self) -> None:
        """Respond to everybody alike."""
        self.send_error(HTTPStatus.NOT_FOUND)


def utc_day(when: datetime) -> str:
    """Write a day for a form's field."""
    return f"{when.astimezone(UTC):%Y-%m-%d}"


_OWN_EVENTS = 20


class HomePage(PageHandler):
    """Everybody's first page."""

    async def get(self) -> None:
        """Draw it."""
        lines, older = [], None
        if (name := self.person.name) is not None:
            wanted = Paging(_OWN_EVENTS + 1, page(self.query()).before)
            lines = await self.api.events(self.person, EventFilter(user=name), wanted)
        if len(lines) > _OWN_EVENTS:
            lines = lines[:_OWN_EVENTS]
            older = self.link(before=lines[-1].number)
        cases = self.api.own(self.person)
        self.draw("home.html", cases=cases, lines=lines, older=older)


_SESSIONS = 50


class SessionsPage(PageHandler):
    """The sessions of all, those that end soonest first."""

    async def get(self) -> None:
        """Draw one page of it."""
        self.for_administrators()
        query = self.query()
        wanted = session_filter(query)
        cases = self.api.sessions(self.person, wanted)
        number = page_number(query)
        start = (number - 1) * _SESSIONS
        more = start + _SESSIONS < len(cases)
        self.draw(
            "sessions.html",
            cases=cases[start : start + _SESSIONS],
            count=len(cases),
            wanted=wanted,
            following=self.link(page=number + 1) if more else None,
            preceding=self.link(page=number - 1) if number > 1 else None,
        )


class SessionPage(PageHandler):
    """Asks the session again each time it is opened."""

    async def get(self, user: str, server: str | None = None) -> None:
        """Draw it."""
        case = await self.api.explain(self.person, user, server or "")
        self.draw("session.html", case=case)

    async def post(self, user: str, server: str | None = None) -> None:
        """Keep the session for the hours that were chosen."""
        until = await self.api.keep(self.person, user, server or "", hours(self.form()))
        name = f"{user}/{server}" if server else user
        said = f"{name} is kept until {moment(until)}."
        own = user == self.person.name
        self.go_to("" if own else f"session/{session_path(user, server or '')}", said)


_HISTORY_EVENTS = 50
_INSTANT = timedelta(microseconds=1)


class HistoryPage(PageHandler):
    """What happened, the newest first."""

    async def get(self) -> None:
        """Draw one page of it."""
        self.for_administrators()
        query = self.query()
        wanted, shown = event_filter(query), page(query, _HISTORY_EVENTS)
        lines = await self.api.events(self.person, wanted, shown)
        full = len(lines) == shown.limit
        self.draw(
            "history.html",
            lines=lines,
            wanted=wanted,
            since=utc_day(wanted.since) if wanted.since else "",
            until=utc_day(wanted.until - _INSTANT) if wanted.until else "",
            older=self.link(before=lines[-1].number) if full else None,
            newest=self.link(before=None) if shown.before else None,
            as_csv=f"api/events{self.link(before=None, limit=None, format='csv')}",
            as_json=f"api/events{self.link(before=None)}",
        )


_DAY = timedelta(days=1)


class ExemptionsPage(PageHandler):
    """Lists those in force, and adds one."""

    async def get(self) -> None:
        """Draw it."""
        self.for_administrators()
        await self._draw({})

    async def post(self) -> None:
        """Add the one of the form."""
        self.for_administrators()
        form = self.form()
        try:
            kept = await self.api.exempt(self.person, exemption(form, self.api.now()))
        except RefusedError as error:
            self.set_status(error.status_code)
            await self._draw(form, error.message)
            return
        until = moment(kept.until)
        said = [f"{kept.name} is exempt until {until}.", self.api.doubt(kept)]
        self.go_to("exemptions", " ".join(filter(None, said)))

    async def _draw(self, form: Fields, problem: str | None = None) -> None:
        now = self.api.now()
        self.draw(
            "exemptions.html",
            exemptions=await self.api.exemptions(self.person),
            leases=[v for v in self.api.sessions(self.person, SessionFilter()) if v.facts.lease],
            entered={name: str(values[-1]) for name, values in form.items() if values},
            problem=problem,
            first_day=utc_day(now),
            last_day=utc_day(now + LONGEST_EXEMPTION - _DAY),
        )


class EndExemption(PageHandler):
    """The button that ends one."""

    async def post(self, number: str) -> None:
        """End it."""
        kept = await self.api.end_exemption(self.person, int(number))
        self.go_to("exemptions", f"{kept.name} is no longer exempt.")


class SignedInPage(PageHandler, HubOAuthCallbackHandler):  # type: ignore[misc]  # it has no types
    """JupyterHub's handler; a page shows what failed, and a link to try again."""

    async def prepare(self) -> None:
        """Let everybody in: this is where they sign in."""

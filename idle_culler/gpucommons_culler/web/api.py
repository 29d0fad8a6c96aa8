"""The API: sessions, the audit and exemptions."""

from http import HTTPStatus

from gpucommons_web.access import RefusedError, wrong
from gpucommons_web.api import JSONHandler
from gpucommons_web.fields import text
from jupyterhub.services.auth import HubOAuth

from gpucommons_culler.core.records import EventFilter
from gpucommons_culler.web.requests import (
    event_filter,
    exemption,
    hours,
    page,
    session_filter,
)
from gpucommons_culler.web.responses import (
    csv_line,
    event_json,
    exemption_json,
    heading,
    iso,
    session_json,
)
from gpucommons_culler.web.service import IdleAPI

_FLUSHED = 100
"""Lines that are sent together."""


class APIHandler(JSONHandler):
    """Has the culler's API."""

    def initialize(self, hub_auth: HubOAuth, api: IdleAPI) -> None:
        """Take what the application gives."""
        self.hub_auth = hub_auth
        self.api = api


class EventsAPI(APIHandler):
    """GET api/events?user=&team=&size=&kind=&since=&until=&limit=&before=&format=json|csv."""

    async def get(self) -> None:
        """Respond with a page as JSON, the newest first, or with all of it as CSV."""
        query = self.query()
        which, form = event_filter(query), text(query, "format") or "json"
        if form == "csv":
            await self._stream(which)
        elif form == "json":
            shown = page(query)
            lines = await self.api.events(self.person, which, shown)
            following = lines[-1].number if len(lines) == shown.limit else None
            self.answer({"events": [event_json(line) for line in lines], "next": following})
        else:
            raise wrong("format must be json or csv.")

    async def _stream(self, which: EventFilter) -> None:
        chunk = [heading()]
        async for line in self.api.every_event(self.person, which):
            chunk.append(csv_line(event_json(line)))
            if len(chunk) > _FLUSHED:
                self._begin_csv()
                self.write("".join(chunk))
                await self.flush()
                chunk = []
        self._begin_csv()
        self.finish("".join(chunk))

    def _begin_csv(self) -> None:
        """Say that CSV follows. Not earlier: until then an error is answered as JSON."""
        if not self._headers_written:
            self.set_header("Content-Type", "text/csv; charset=utf-8")
            self.set_header("Content-Disposition", 'attachment; filename="idle-events.csv"')


class ExemptionsAPI(APIHandler):
    """GET api/exemptions, POST with ``{"scope", "name", "until", "reason"}``."""

    async def get(self) -> None:
        """List those in force."""
        in_force = await self.api.exemptions(self.person)
        self.answer({"exemptions": [exemption_json(each) for each in in_force]})

    async def post(self) -> None:
        """Add one."""
        kept = await self.api.exempt(self.person, exemption(self.body(), self.api.now()))
        self.set_status(HTTPStatus.CREATED)
        doubt = self.api.doubt(kept)
        self.answer(exemption_json(kept) | ({"warning": doubt} if doubt else {}))


class ExemptionAPI(APIHandler):
    """DELETE api/exemptions/NUMBER."""

    async def delete(self, number: str) -> None:
        """End one."""
        await self.api.end_exemption(self.person, int(number))
        self.set_status(HTTPStatus.NO_CONTENT)
        self.finish()


class SessionsAPI(APIHandler):
    """GET api/sessions?user=&team=&size=&verdict=."""

    async def get(self) -> None:
        """List the sessions that the person may see."""
        cases = self.api.sessions(self.person, session_filter(self.query()))
        self.answer({"sessions": [session_json(case) for case in cases]})


class TroublesAPI(APIHandler):
    """GET api/troubles."""

    async def get(self) -> None:
        """List what keeps the culler from knowing all, as sentences for administrators."""
        self.answer({"troubles": self.api.troubles(self.person)})


class SessionAPI(APIHandler):
    """GET api/sessions/NAME[/SERVER]."""

    async def get(self, user: str, server: str | None = None) -> None:
        """Explain one session, which is asked again."""
        self.answer(session_json(await self.api.explain(self.person, user, server or "")))


class KeepAPI(SessionAPI):
    """POST api/sessions/NAME[/SERVER]/keep with ``{"hours": 2}``."""

    async def post(self, user: str, server: str | None = None) -> None:
        """Keep a session."""
        until = await self.api.keep(self.person, user, server or "", hours(self.body()))
        self.answer({"until": iso(until)})

    async def get(self, user: str, server: str | None = None) -> None:
        """Explain a server that is called ``keep``."""
        if server is not None:
            raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "Send this with POST.")
        await super().get(user, "keep")

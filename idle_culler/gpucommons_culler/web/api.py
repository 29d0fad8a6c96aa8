"""The API: sessions, the audit and exemptions."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from jupyterhub.services.auth import HubOAuth

from gpucommons_culler.core.records import EventFilter
from gpucommons_culler.web.access import RefusedError, wrong
from gpucommons_culler.web.handler import BaseHandler
from gpucommons_culler.web.requests import (
    Fields,
    event_filter,
    exemption,
    hours,
    page,
    session_filter,
    text,
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


class APIHandler(BaseHandler):
    """Responds with JSON: to scripts with a token, and to pages with a cookie and XSRF's token."""

    def initialize(self, hub_auth: HubOAuth, api: IdleAPI) -> None:
        """Take what the application gives."""
        self.hub_auth = hub_auth
        self.api = api

    def ask_to_sign_in(self) -> None:
        """Say how to sign in."""
        self.set_header("WWW-Authenticate", "token")
        self.set_status(HTTPStatus.UNAUTHORIZED)
        self.answer(
            {
                "status": HTTPStatus.UNAUTHORIZED,
                "message": "Send a token of JupyterHub that may use this service, in the header "
                '"Authorization: token …". One is made at /hub/token.',
            }
        )

    def answer(self, value: Mapping[str, object]) -> None:
        """Respond with an object."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps(value, default=str))

    def body(self) -> Fields:
        """Return the fields of the JSON object that was sent."""
        try:
            sent = json.loads(self.request.body or b"{}")
        except (ValueError, RecursionError) as error:
            raise wrong(f"Send a JSON object: {error}.") from None
        if not isinstance(sent, dict):
            raise wrong(f"Send a JSON object, not a {type(sent).__name__}.")
        return {name: [value] for name, value in sent.items()}

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401
        """Respond with JSON too."""
        message = self.message(status_code, kwargs.get("exc_info"))
        self.answer({"status": status_code, "message": message})


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

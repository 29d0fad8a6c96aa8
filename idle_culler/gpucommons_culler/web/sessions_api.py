"""Sessions in the API."""

from http import HTTPStatus

from gpucommons_culler.web.asked import hours, session_filter
from gpucommons_culler.web.handler import APIHandler
from gpucommons_culler.web.refused import RefusedError
from gpucommons_culler.web.shown import iso, session_json


class SessionsAPI(APIHandler):
    """GET api/sessions?user=&team=&size=&state=."""

    async def get(self) -> None:
        """List the sessions that the person may see."""
        views = self.desk.sessions(self.person, session_filter(self.query()))
        self.answer({"sessions": [session_json(view) for view in views]})


class SessionAPI(APIHandler):
    """GET api/sessions/NAME[/SERVER]."""

    async def get(self, user: str, server: str | None = None) -> None:
        """Explain one session, asked anew."""
        self.answer(session_json(await self.desk.explain(self.person, user, server or "")))


class KeepAPI(SessionAPI):
    """POST api/sessions/NAME[/SERVER]/keep with ``{"hours": 2}``."""

    async def post(self, user: str, server: str | None = None) -> None:
        """Keep a session."""
        until = await self.desk.keep(self.person, user, server or "", hours(self.body()))
        self.answer({"until": iso(until)})

    async def get(self, user: str, server: str | None = None) -> None:
        """Explain a server that is called ``keep``."""
        if server is not None:
            raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "Send this with POST.")
        await super().get(user, "keep")

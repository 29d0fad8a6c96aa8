"""Stopping this session from inside it, so that its person need not leave the editor for that.

A page of the session cannot ask the hub itself: the hub's cookies and `_xsrf` are its own pages',
and a link to the hub that stopped something could be put on any page. So the session's server asks,
with its own token, which may end this session and no other (`delete:servers!server`, which our
hub gives). Nobody gains by it: who reaches this endpoint runs programs in the session, and could
end it by `api/shutdown`. The hub, unlike that, has all open pages save first.
"""

import asyncio
import logging
import os
from collections.abc import Mapping
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.web import HTTPError, authenticated

from gpucommons_lab.web.api import SessionAPIHandler

log = logging.getLogger(__name__)

STOP_PATH = "gpucommons/api/stop"
"""Below the base URL of the session's server. The page has it in `hub/stopping.ts`."""
_REFUSAL_S = 2.0
"""Seconds in which a hub says no. What it takes up it answers later, when this may be gone."""
_CONNECT_S = 10.0
_ANSWER_S = 120.0


class NotStoppedError(Exception):
    """The hub was not asked, or does not stop the session. It says why."""


class OwnStop:
    """Has the hub stop this session."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Take the environment in which JupyterHub names the session, itself and the token."""
        self._environment = environment
        self._asking: asyncio.Task[None] | None = None

    async def ask(self) -> None:
        """Return once the hub has taken it up, or says nothing for long. The first request counts.

        Raises NotStoppedError.
        """
        asking = self._asking  # another request may replace it during the wait
        if asking is None or asking.done():
            asking = self._asking = asyncio.create_task(self._ask())
            asking.add_done_callback(_note_failure)
        await asyncio.wait({asking}, timeout=_REFUSAL_S)
        if asking.done():
            asking.result()

    async def _ask(self) -> None:
        try:
            api, user, server, token = (
                self._environment[f"JUPYTERHUB_{name}"]
                for name in ("API_URL", "USER", "SERVER_NAME", "API_TOKEN")
            )
        except KeyError as missing:
            raise NotStoppedError("No hub has started this session.") from missing
        request = HTTPRequest(
            f"{api}/users/{quote(user, safe='')}/servers/{quote(server, safe='')}",
            method="DELETE",
            headers={"Authorization": f"token {token}"},
            connect_timeout=_CONNECT_S,
            request_timeout=_ANSWER_S,
        )
        try:
            answer = await AsyncHTTPClient().fetch(request, raise_error=False)
        except (OSError, HTTPClientError) as error:
            raise NotStoppedError("The hub cannot be reached.") from error
        if answer.code >= 400:
            raise NotStoppedError(f"The hub refused with status {answer.code}.")


def _note_failure(asking: asyncio.Task[None]) -> None:
    """Say it also if it comes too late for whoever asked."""
    if not asking.cancelled() and (error := asking.exception()):
        log.warning("The session was not stopped: %s", error)


class StopHandler(SessionAPIHandler):
    """Stops the session for whoever works in it."""

    def initialize(self, stop: OwnStop) -> None:
        """Take the server's only one."""
        self._stop = stop

    @authenticated
    @authorized
    async def post(self) -> None:
        """Answer 202 once the hub stops the session, and 502 with the reason if it does not."""
        try:
            await self._stop.ask()
        except NotStoppedError as error:
            raise HTTPError(502, str(error)) from error
        self.set_status(202)
        await self.finish()

"""Who asks: the session whose token it is, and the team that it works in, by the hub's word."""

import json
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import quote

from gpucommons_contract import Endpoint, Notice
from gpucommons_contract.words import message_of
from gpucommons_upkeep.logs.requests import passed_on
from jupyterhub.services.auth import HubAuth
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPResponse
from tornado.web import HTTPError

from gpucommons_backup.service.refusals import RefusedError

_log = logging.getLogger(__name__)
_HEADER = re.compile(r"(?:token|bearer)\s+(\S+)", re.IGNORECASE)
_ACCESS = "access:servers!server="
_REMEMBERED_S = 30.0
_MOST_REMEMBERED = 10_000
_ANSWER_S = 10.0
_TELLING_S = 60.0
"""The hub answers once all sessions of a person have, each within seconds."""
_NOTICES = Endpoint.HUB_NOTICES.removeprefix("api")
_WITHOUT = 'Send the token of a session in the header "Authorization: token …".'
_NO_SESSION = (
    "Earlier files are for sessions: send the token that the hub has given to one of your "
    "sessions, which opens that one alone."
)
_HUB_AWAY = "The hub does not say whose session this is. Try again in a minute."
_NOT_TOLD = (
    "The hub tells nobody that their files are read, and so they are not. Look into the log of "
    "this service."
)


@dataclass(frozen=True, slots=True)
class Session:
    """A server of JupyterHub: its person, and its name, empty for the default one."""

    user: str
    server: str


class Hub(Protocol):
    """What the hub is asked."""

    async def owner_of(self, token: str) -> Mapping[str, Any] | None:
        """Return whose token it is, as the hub's "who am I" does; None for nobody's."""

    async def server(self, session: Session) -> Mapping[str, Any] | None:
        """Return the hub's description of a server; None if there is none."""


class HubAPI:
    """The hub, asked with this service's own token.

    Its scopes are read:servers, and that of our own to show notices.
    """

    def __init__(self, auth: HubAuth) -> None:
        """``auth`` knows the hub's address, and the token of this service."""
        self._auth = auth

    async def owner_of(self, token: str) -> Mapping[str, Any] | None:
        """Ask, or remember the answer for as long as ``auth`` says. Raises RefusedError."""
        try:
            found: Mapping[str, Any] | None = await self._auth.user_for_token(token, sync=False)
        except HTTPError as error:
            raise _away(error) from error
        return found

    async def server(self, session: Session) -> Mapping[str, Any] | None:
        """Ask. Raises RefusedError."""
        name = f"servers/{quote(session.server, safe='')}" if session.server else "server"
        answer = await self._fetch(f"/users/{quote(session.user, safe='')}/{name}")
        if answer.code == HTTPStatus.NOT_FOUND:
            return None
        try:
            if answer.code != HTTPStatus.OK:
                raise ValueError(f"status {answer.code}")
            said: Mapping[str, Any] = json.loads(answer.body)
        except ValueError as error:
            raise _away(error) from error
        return said

    async def tell(self, notice: Notice, person: str) -> None:
        """Show a notice in all sessions of a person. Raises RefusedError."""
        body = {"notice": json.loads(notice.to_json()), "users": [person]}
        body |= {"message": message} if (message := message_of(notice.text)) else {}
        answer = await self._fetch(_NOTICES, json.dumps(body), _TELLING_S)
        if answer.code != HTTPStatus.OK:
            _log.error("the hub shows no notice: status %d", answer.code)
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, _NOT_TOLD)

    async def _fetch(
        self, path: str, body: str | None = None, seconds: float = _ANSWER_S
    ) -> HTTPResponse:
        """Ask with GET, or send a body with POST. Raises RefusedError without an answer."""
        try:
            return await AsyncHTTPClient().fetch(
                f"{self._auth.api_url}{path}",
                method="GET" if body is None else "POST",
                body=body,
                headers={"Authorization": f"token {self._auth.api_token}", **passed_on()},
                raise_error=False,
                follow_redirects=False,
                connect_timeout=_ANSWER_S,
                request_timeout=seconds,
            )
        except (OSError, HTTPClientError) as error:
            raise _away(error) from error


class Sessions:
    """Tells of a token which session's it is and in which team that works."""

    def __init__(self, hub: Hub, clock: Callable[[], float] = time.monotonic) -> None:
        """clock: gives seconds."""
        self._hub = hub
        self._clock = clock
        self._teams: OrderedDict[Session, tuple[float, str]] = OrderedDict()

    async def owner(self, header: str) -> tuple[str, str]:
        """Return team and person of whoever sends this header. Raises RefusedError."""
        session = session_of(await self._hub.owner_of(token_in(header)))
        if session is None:
            raise RefusedError(HTTPStatus.FORBIDDEN, _NO_SESSION)
        return await self._team(session), session.user

    async def _team(self, session: Session) -> str:
        until, team = self._teams.get(session, (0.0, ""))
        if self._clock() < until:
            return team
        self._teams.pop(session, None)
        team = team_of(await self._hub.server(session))
        if not team:
            raise RefusedError(HTTPStatus.FORBIDDEN, _NO_SESSION)
        self._teams[session] = (self._clock() + _REMEMBERED_S, team)
        while len(self._teams) > _MOST_REMEMBERED:
            self._teams.popitem(last=False)
        return team


def token_in(header: str) -> str:
    """Return the token in the header ``Authorization``. Raises RefusedError without one."""
    found = _HEADER.fullmatch(header.strip())
    if found is None:
        raise RefusedError(HTTPStatus.FORBIDDEN, _WITHOUT)
    return found[1]


def session_of(owner: Mapping[str, Any] | None) -> Session | None:
    """Return the one session of its person that a token opens; None if there is not just one.

    Somebody may have been let into another person's session: that is not their own.
    """
    if owner is None or owner.get("kind") != "user":
        return None
    user = str(owner["name"])
    opened = f"{_ACCESS}{user}/"
    names = {each.removeprefix(opened) for each in owner["scopes"] if each.startswith(opened)}
    return Session(user, names.pop()) if len(names) == 1 else None


def team_of(server: Mapping[str, Any] | None) -> str:
    """Return the team of a server that runs; empty if it does not.

    Of one that starts, the hub may still have what was asked for, unchecked.
    """
    if server is None or server.get("ready") is not True:
        return ""
    options = server.get("user_options")
    team = options.get("team") if isinstance(options, Mapping) else None
    return team if isinstance(team, str) else ""


def _away(error: Exception) -> RefusedError:
    _log.warning("the hub does not answer: %s", error)
    return RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, _HUB_AWAY)

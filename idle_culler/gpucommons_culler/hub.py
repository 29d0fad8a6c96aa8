"""The hub and its sessions, as the culler calls them."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

from gpucommons_contract import (
    Endpoint,
    Notice,
    NoticeChoice,
    NoticeLevel,
    SessionActivity,
    read_activity,
    read_moment,
)

from gpucommons_culler.calls import CALL_ERRORS, Answer, Calls
from gpucommons_culler.hub_errors import HubRefused, HubUnavailable, NotAllowed, SessionSilent
from gpucommons_culler.session import Session, SessionKey
from gpucommons_culler.session_tokens import SessionTokens

log = logging.getLogger(__name__)

_SESSION_S = 10.0
"""So long a session has to answer, and the hub for anything short."""
_START_OR_STOP_S = 60.0
"""JupyterHub answers after ten seconds at the latest that it is still at it."""
_CONNECTIONS = 100
_NO_SCOPE = ("Action is not authorized", "Missing or invalid credentials", "No access to resources")
"""How JupyterHub begins what it says to a token that may not do something."""
_FORBIDDEN = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}


@dataclass(frozen=True, slots=True)
class SessionList:
    """All sessions that run, and how many starts wait for room, by size."""

    sessions: tuple[Session, ...]
    waiting: Mapping[str, int]


class HubClient:
    """Calls the hub with the culler's token, and each session with one of its own.

    All that goes wrong is a `HubError`: `HubUnavailable`, `NotAllowed`, where a session is called
    `SessionSilent`, and `HubRefused` for a stop or a start. How many sessions are called at once
    is the caller's business; beyond a hundred they wait for one another, within their time.
    """

    def __init__(
        self, api_url: str, public_url: str | None, token: str, *, page: int = 500
    ) -> None:
        """api_url: such as ``http://hub:8081/hub/api``. page: how many sessions are asked for
        at once. public_url: where the proxy is to be reached, such as ``http://proxy-public``;
        a path in it is ignored. None: sessions are called directly, which has to be possible,
        as it is for the hub. Then they do not look used: JupyterHub takes what passes its
        proxy for activity of their people.
        """
        self._page = page
        self._api_url = api_url.rstrip("/")
        split = urlsplit(public_url or "")
        self._origin = f"{split.scheme}://{split.netloc}" if public_url else None
        self._token = token
        self._calls = Calls(_CONNECTIONS)
        self._tokens = SessionTokens(self._make_tokens)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._calls.close()

    async def sessions(self) -> SessionList:
        """List all sessions that run, page by page."""
        found: list[Session] = []
        waiting: dict[str, int] = {}
        after = 0
        while True:
            path = f"{_of_hub(Endpoint.HUB_SESSIONS)}?after={after}&limit={self._page}"
            answer = await self._ask("GET", path, "read:servers")
            try:
                page = json.loads(answer.body)
                found += [_session(each) for each in page["sessions"] if _has_begun(each)]
                waiting |= page.get("waiting", {})
                following = page["next"]
                if following is None:
                    break
                if following <= after:
                    raise ValueError(f"page {after} leads to {following}")
                after = following
            except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation) as error:
                raise HubUnavailable(f"The hub's list of sessions is none: {error!r}.") from error
        self._tokens.keep_only({session.key for session in found})
        return SessionList(tuple(found), waiting)

    async def activity(self, session: Session) -> SessionActivity:
        """Ask a session for its use. It may say anything."""
        answer = await self._ask_session("GET", session, Endpoint.SESSION_ACTIVITY)
        try:
            return read_activity(answer.body)
        except ValueError as error:
            raise SessionSilent(f"{session.key.name}: {error}") from error

    async def notices(self, session: Session) -> tuple[Notice, ...]:
        """List what a session shows to its person, with what they answered."""
        answer = await self._ask_session("GET", session, Endpoint.SESSION_NOTICE)
        try:
            return tuple(_notice(said) for said in json.loads(answer.body))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise SessionSilent(f"{session.key.name} lists no notices: {error!r}") from error

    async def show_notice(self, session: Session, notice: Notice) -> None:
        """Show a notice in a session, in place of one with the same id."""
        await self._ask_session("POST", session, Endpoint.SESSION_NOTICE, notice.to_json())

    async def withdraw_notice(self, session: Session, notice_id: str) -> None:
        """Take a notice back. One that is not there is as good as taken back."""
        path = f"{Endpoint.SESSION_NOTICE}?{urlencode({'id': notice_id})}"
        await self._ask_session("DELETE", session, path)

    async def stop(self, session: Session) -> bool:
        """Stop this run of a server, and no other; answer whether it is gone.

        While the hub is still at it that is False: call it again. Raises HubRefused too.
        """
        path = _server_path(session.key.user, session.key.server)
        known = await self._ask("GET", path, "read:servers", gone_is_fine=True)
        if known.status == HTTPStatus.NOT_FOUND:
            return True
        try:
            server = json.loads(known.body)
            is_it = server["started"] and read_moment(server["started"]) == session.key.started
            is_ready, pending = server["ready"], server["pending"]
        except (ValueError, KeyError, TypeError) as error:
            raise HubUnavailable(f"The hub describes no server: {error!r}.") from error
        if not is_it or not (is_ready or pending):
            return True
        if not is_ready:
            return False
        answer = await self._ask(
            "DELETE", path, "delete:servers", gone_is_fine=True, seconds=_START_OR_STOP_S
        )
        return answer.status != HTTPStatus.ACCEPTED

    async def start(self, user: str, server: str, options: Mapping[str, str]) -> None:
        """Start a server; the hub may still be at it afterwards.

        Raises HubRefused, with the hub's words, if the choice or the quota does not allow it.
        """
        await self._ask(
            "POST",
            _server_path(user, server),
            "start:servers",
            json.dumps(dict(options)),
            seconds=_START_OR_STOP_S,
        )

    async def _make_tokens(self, servers: Sequence[tuple[str, str]]) -> tuple[list[str], float]:
        body = json.dumps({"servers": servers})
        path = _of_hub(Endpoint.HUB_SESSION_TOKENS)
        answer = await self._ask("POST", path, "access:servers", body)
        try:
            said = json.loads(answer.body)
            tokens = [str(each) for each in said["tokens"]]
            if len(tokens) != len(servers):
                raise ValueError(f"{len(tokens)} for {len(servers)} sessions")
            return tokens, float(said["expires_in"])
        except (ValueError, KeyError, TypeError) as error:
            raise HubUnavailable(f"The hub's tokens are none: {error!r}.") from error

    async def _ask(
        self,
        method: str,
        path: str,
        scope: str,
        body: str | None = None,
        *,
        gone_is_fine: bool = False,
        seconds: float = _SESSION_S,
    ) -> Answer:
        """Call the hub's API. scope is what the call needs."""
        try:
            answer = await self._calls.send(
                method, f"{self._api_url}/{path}", self._token, seconds=seconds, json=body
            )
        except CALL_ERRORS as error:
            raise HubUnavailable(f"The hub does not answer: {_words(error)}.") from error
        status = answer.status
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return answer
        message = _message(answer)
        if status in _FORBIDDEN and message.startswith(_NO_SCOPE):
            raise NotAllowed(scope)
        if status == HTTPStatus.NOT_FOUND and gone_is_fine:
            return answer
        if (
            HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
            and status != HTTPStatus.TOO_MANY_REQUESTS
        ):
            raise HubRefused(message)
        raise HubUnavailable(f"The hub answered {status}: {message}")

    async def _ask_session(
        self, method: str, session: Session, path: str, body: str | None = None
    ) -> Answer:
        token = await self._tokens.of(session.key)
        name = session.key.name
        try:
            origin = session.address if self._origin is None else self._origin
            url = f"{origin}{session.url}{path}"
            answer = await self._calls.send(method, url, token, seconds=_SESSION_S, json=body)
        except CALL_ERRORS as error:
            raise SessionSilent(f"{name} does not answer: {_words(error)}.") from error
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return answer
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            self._tokens.doubt(session.key)
        raise SessionSilent(f"{name} answered {answer.status}.")


def _of_hub(endpoint: str) -> str:
    """Answer an endpoint's path below the address of the hub's API."""
    return endpoint.removeprefix("api/")


def _server_path(user: str, server: str) -> str:
    person = f"users/{quote(user, safe='@~')}"
    return f"{person}/servers/{quote(server, safe='@~')}" if server else f"{person}/server"


def _has_begun(said: dict[str, Any]) -> bool:
    """Tell whether it is known when a session began, without which it cannot be told apart."""
    if said["started"]:
        return True
    log.warning("%s/%s is left alone: it is not known when it began", said["user"], said["server"])
    return False


def _session(said: dict[str, Any]) -> Session:
    options: dict[str, str] = said["options"]
    url = said["url"]
    if not url.startswith("/"):
        raise ValueError(f"{url!r} is no path")
    last = said["last_activity"]
    return Session(
        key=SessionKey(said["user"], said["server"], read_moment(said["started"])),
        url=url,
        team=options.get("team", ""),
        environment=options.get("environment", ""),
        version=options.get("version") or options.get("image", ""),
        size=options.get("size", ""),
        last_activity=read_moment(last) if last else None,
        options=options,
        address=said["address"],
        gpus=Decimal(said["gpus"]),
        pod=str(said["pod"]),
    )


def _notice(said: dict[str, Any]) -> Notice:
    ends_at, answer = said.get("ends_at"), said.get("answer")
    return Notice(
        id=str(said["id"]),
        text=str(said["text"]),
        level=NoticeLevel(said["level"]),
        ends_at=None if ends_at is None else float(ends_at),
        choices=tuple(NoticeChoice(str(c["id"]), str(c["label"])) for c in said["choices"]),
        answer=None if answer is None else str(answer),
    )


def _message(answer: Answer) -> str:
    """Read what the hub has to say, which is JSON if it comes from its API."""
    try:
        return str(json.loads(answer.body)["message"])
    except (ValueError, KeyError, TypeError):
        return answer.body[:200].decode(errors="replace")


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__

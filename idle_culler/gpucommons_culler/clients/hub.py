"""The hub and its sessions, as the culler calls them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import InvalidOperation
from http import HTTPStatus
from typing import Self
from urllib.parse import quote, urlencode, urlsplit

from gpucommons_contract import (
    IDLE_SERVICE,
    Endpoint,
    Notice,
    SessionActivity,
    read_activity,
    read_moment,
)
from gpucommons_contract.told import EndReason
from gpucommons_contract.words import in_language
from gpucommons_contract.words.requests import LANGUAGE_PARAMETER
from gpucommons_upkeep.http_client import CALL_ERRORS, HTTPClient, Response
from gpucommons_upkeep.session_tokens import SessionTokens

from gpucommons_culler.clients.hub_answers import (
    has_begun,
    is_of_jupyter,
    message_of,
    read_session,
    read_shown_notice,
    says_missing,
)
from gpucommons_culler.core.errors import (
    HubError,
    HubRefusedError,
    HubUnavailableError,
    NoExtensionError,
    NotAllowedError,
    NotServedError,
    SessionSilentError,
)
from gpucommons_culler.core.rule import IdleRule
from gpucommons_culler.core.session import Session, SessionKey

_SESSION_S = 10.0
"""How long a session may take to answer, and the hub for anything short."""
_START_OR_STOP_S = 60.0
"""JupyterHub answers within ten seconds that it is still working on it."""
_CONNECTIONS = 100
_NO_SCOPE = ("Action is not authorized", "Missing or invalid credentials", "No access to resources")
"""How JupyterHub begins what it says to a token that may not do something."""
_STATUS = "api/status"
"""Where every Jupyter server says since when it runs."""
_FORBIDDEN = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}


@dataclass(frozen=True, slots=True)
class SessionList:
    """All sessions that run, and how many starts wait for room, by size."""

    sessions: tuple[Session, ...]
    waiting: Mapping[str, int]


class HubClient:
    """Calls the hub with the culler's token, and each session with one of its own.

    Every failure is a `HubError`: `HubUnavailableError` or `NotAllowedError`, `SessionSilentError`
    where a session is called, and `HubRefusedError` for a stop or a start. The caller decides how
    many sessions to call at once; beyond a hundred they wait for one another, within their time.
    """

    def __init__(
        self, api_url: str, public_url: str | None, token: str, *, page: int = 500
    ) -> None:
        """api_url: such as ``http://hub:8081/hub/api``. page: how many sessions are asked for
        at once. public_url: where the proxy can be reached, such as ``http://proxy-public``;
        a path in it is ignored. None: sessions are called directly, which must be possible,
        as it is for the hub. Then they do not look used: JupyterHub counts what passes its
        proxy as their people's activity.
        """
        self._page = page
        self._api_url = api_url.rstrip("/")
        split = urlsplit(public_url or "")
        self._origin = f"{split.scheme}://{split.netloc}" if public_url else None
        self._token = token
        self._calls = HTTPClient(_CONNECTIONS)
        self._tokens: SessionTokens[SessionKey] = SessionTokens(self._make_tokens, HubError)

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
                found += [read_session(each) for each in page["sessions"] if has_begun(each)]
                waiting |= page.get("waiting", {})
                following = page["next"]
                if following is None:
                    break
                if following <= after:
                    raise ValueError(f"page {after} leads to {following}")
                after = following
            except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation) as error:
                raise HubUnavailableError(
                    f"The hub's answer is not a list of sessions: {error!r}."
                ) from error
        self._tokens.keep_only({session.key for session in found})
        return SessionList(tuple(found), waiting)

    async def activity(self, session: Session, rule: IdleRule | None = None) -> SessionActivity:
        """Ask a session for its activity, and send the rule in force. It may report anything.

        Raises NoExtensionError if it is known to have no such endpoint, while its server
        answers otherwise. One that does not answer is `SessionSilentError`.
        """
        try:
            query = f"?{urlencode(rule.in_seconds())}" if rule else ""
            path = f"{Endpoint.SESSION_ACTIVITY}{query}"
            answer = await self._ask_session("GET", session, path)
        except NotServedError as error:
            if is_of_jupyter(await self._ask_session("GET", session, _STATUS)):
                raise NoExtensionError(
                    f"{session.key.name} runs without GPU Commons' server extension."
                ) from error
            raise
        try:
            return read_activity(answer.body)
        except ValueError as error:
            raise SessionSilentError(f"{session.key.name}: {error}") from error

    async def notices(self, session: Session) -> tuple[Notice, ...]:
        """List what a session shows to its person, with what they answered."""
        answer = await self._ask_session("GET", session, Endpoint.SESSION_NOTICE)
        try:
            return tuple(read_shown_notice(said) for said in json.loads(answer.body))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            message = f"{session.key.name}: its notices cannot be read: {error!r}"
            raise SessionSilentError(message) from error

    async def show_notice(self, session: Session, notice: Notice) -> None:
        """Show a notice in a session, in place of one with the same id."""
        said = notice.in_language(session.language)
        await self._ask_session("POST", session, Endpoint.SESSION_NOTICE, said.to_json())

    async def withdraw_notice(self, session: Session, notice_id: str) -> None:
        """Withdraw a notice. One that is not there counts as withdrawn."""
        path = f"{Endpoint.SESSION_NOTICE}?{urlencode({'id': notice_id})}"
        await self._ask_session("DELETE", session, path)

    async def stop(self, session: Session) -> bool:
        """Stop this run of a server, and no other; return whether it is gone.

        While it is still stopping that is False: call this again. Raises HubRefusedError too.
        """
        is_ready, pending = await self._state(session.key)
        if not (is_ready or pending):
            return True
        if not is_ready:
            return False
        path = _server_path(session.key.user, session.key.server)
        answer = await self._ask(
            "DELETE", path, "delete:servers", gone_is_fine=True, seconds=_START_OR_STOP_S
        )
        return answer.status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND}

    async def explain_stop(
        self, session: Session, sentence: str, reason: EndReason, by: str = ""
    ) -> None:
        """Have the hub's pages tell the session's person why it is stopped now, and accounting, who
        ended it. Without a sentence only the latter.
        """
        user, server = (quote(part, safe="@~") for part in (session.key.user, session.key.server))
        path = _of_hub(Endpoint.HUB_SESSION_END.format(user=user, server=server))
        body = {
            "reason": in_language(sentence, session.language),
            "page": f"services/{IDLE_SERVICE}/" if sentence else "",
            "code": reason,
            "by": by,
        }
        await self._ask("PUT", path, "delete:servers", json.dumps(body), gone_is_fine=True)

    async def runs(self, key: SessionKey) -> bool:
        """Whether this run of a server is up, by the hub's word: neither starting nor stopping."""
        is_ready, pending = await self._state(key)
        return is_ready and not pending

    async def has_person(self, name: str) -> bool:
        """Whether the hub knows somebody of this name, written exactly so."""
        path = f"users/{quote(name, safe='@~')}"
        answer = await self._ask("GET", path, "read:servers", gone_is_fine=True)
        return answer.status != HTTPStatus.NOT_FOUND

    async def _state(self, key: SessionKey) -> tuple[bool, bool]:
        """Return whether this run of a server is ready, and whether something is pending."""
        path = _server_path(key.user, key.server)
        known = await self._ask("GET", path, "read:servers", gone_is_fine=True)
        if known.status == HTTPStatus.NOT_FOUND:
            return False, False
        try:
            server = json.loads(known.body)
            started, is_ready = server["started"], bool(server["ready"])
            is_it = started and read_moment(started) == key.started
            return (is_ready, bool(server["pending"])) if is_it else (False, False)
        except (ValueError, KeyError, TypeError) as error:
            message = f"The hub's description of a server cannot be read: {error!r}."
            raise HubUnavailableError(message) from error

    async def start(
        self, user: str, server: str, options: Mapping[str, str], language: str
    ) -> None:
        """Start a server in a language; it may still be starting afterwards.

        Raises HubRefusedError, with the hub's words, if the choice or the quota does not allow it.
        """
        await self._ask(
            "POST",
            f"{_server_path(user, server)}?{urlencode({LANGUAGE_PARAMETER: language})}",
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
            raise HubUnavailableError(f"The hub's tokens cannot be read: {error!r}.") from error

    async def _ask(
        self,
        method: str,
        path: str,
        scope: str,
        body: str | None = None,
        *,
        gone_is_fine: bool = False,
        seconds: float = _SESSION_S,
    ) -> Response:
        """Call the hub's API. scope is what the call needs."""
        try:
            answer = await self._calls.send(
                method, f"{self._api_url}/{path}", self._token, seconds=seconds, json=body
            )
        except CALL_ERRORS as error:
            raise HubUnavailableError(f"The hub does not answer: {_words(error)}.") from error
        status = answer.status
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return answer
        message = message_of(answer)
        if status in _FORBIDDEN and message.startswith(_NO_SCOPE):
            raise NotAllowedError(scope)
        if status == HTTPStatus.NOT_FOUND and gone_is_fine and says_missing(answer):
            return answer
        if (
            HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
            and status != HTTPStatus.TOO_MANY_REQUESTS
        ):
            raise HubRefusedError(message)
        raise HubUnavailableError(f"The hub answered {status}: {message}")

    async def _ask_session(
        self, method: str, session: Session, path: str, body: str | None = None
    ) -> Response:
        token = await self._tokens.of(session.key)
        name = session.key.name
        try:
            origin = session.address if self._origin is None else self._origin
            url = f"{origin}{session.url}{path}"
            answer = await self._calls.send(method, url, token, seconds=_SESSION_S, json=body)
        except CALL_ERRORS as error:
            raise SessionSilentError(f"{name} does not answer: {_words(error)}.") from error
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return answer
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            self._tokens.doubt(session.key)
        kind = NotServedError if answer.status == HTTPStatus.NOT_FOUND else SessionSilentError
        raise kind(f"{name} answered {answer.status}.")


def _of_hub(endpoint: str) -> str:
    """Return an endpoint's path below the address of the hub's API."""
    return endpoint.removeprefix("api/")


def _server_path(user: str, server: str) -> str:
    person = f"users/{quote(user, safe='@~')}"
    return f"{person}/servers/{quote(server, safe='@~')}" if server else f"{person}/server"


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__

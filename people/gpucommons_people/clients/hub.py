"""The hub's REST API, as far as removing somebody needs it."""

import json
import ssl
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import quote, urlencode

import httpx
from gpucommons_contract import PEOPLE_SERVICE, Endpoint, Notice
from gpucommons_contract.words import message_of

from gpucommons_people.clients.patience import AT_ONCE, BUSY, Patience, pause_asked
from gpucommons_people.errors import MissingRightError, PeopleError, UnreachableError

_SCOPES = "list:users, read:users, read:servers, delete:users and delete:servers"
"""What the hub's configuration lets PEOPLE_SERVICE do, whose token we use."""
_TIMEOUT_S = 60.0
_NOTICES = Endpoint.HUB_NOTICES.removeprefix("api")


@dataclass(frozen=True, slots=True)
class HubUser:
    """Somebody whom the hub knows; servers are the names of those that run, start or stop."""

    name: str
    servers: tuple[str, ...]
    groups: tuple[str, ...]
    """As Dex last reported them to the hub, after the hub's rules; teams among others."""
    was_active: bool
    """Whether they ever used the hub: somebody who did may hold tokens of it."""
    since: str = ""
    """When the account was made, as the hub writes it: it tells them from others of the name."""


@dataclass(frozen=True, slots=True)
class RecheckResult:
    """The hub's answer to a recheck. stops_at is when sessions stop, in seconds since the epoch."""

    allowed: bool
    reason: str
    sessions: tuple[str, ...] = ()
    stops_at: float | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """Which sessions a notice reached, and which it did not; each as ``NAME/SERVER``."""

    told: tuple[str, ...]
    missed: tuple[str, ...]


class Hub:
    """A connection to the hub; every method may raise UnreachableError and MissingRightError.

    url is that of the hub's API, such as ``https://hub.example.org/hub/api``; token is
    called when it is needed, so that commands which never ask the hub need none.
    """

    def __init__(
        self,
        connection: httpx.AsyncClient,
        url: str,
        token: Callable[[], str],
        patience: Patience = AT_ONCE,
    ) -> None:
        self._client = connection
        self._patience = patience
        self._url = url.rstrip("/")
        self._token = token

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        url: str,
        token: Callable[[], str],
        patience: Patience = AT_ONCE,
        trusted: ssl.SSLContext | None = None,
    ) -> AsyncIterator[Self]:
        """Connect, for as long as an ``async with`` lasts.

        trusted: certificates in place of the usual ones.
        """
        async with httpx.AsyncClient(timeout=_TIMEOUT_S, verify=trusted or True) as connection:
            yield cls(connection, url, token, patience)

    async def user(self, name: str, *, patient: bool = True) -> HubUser | None:
        """Return somebody with their servers; None if the hub does not know them.

        Unless patient, a hub that does not answer at once is not waited for.
        """
        path = f"/users/{quote(name, safe='')}"
        answer = await self._call("GET", path, patience=None if patient else AT_ONCE)
        if answer is None:
            return None
        model = answer.json()
        return HubUser(
            name=model["name"],
            servers=tuple(model.get("servers") or {}),
            groups=tuple(model.get("groups") or ()),
            was_active=model.get("last_activity") is not None,
            since=str(model.get("created") or ""),
        )

    async def recheck(self, name: str, grace_s: float) -> RecheckResult | None:
        """Let the hub ask Dex about somebody at once; an unclear answer counts as a no.

        Sessions of somebody who is refused stop after grace_s seconds. None if the hub does
        not know the person.
        """
        path = Endpoint.HUB_RECHECK.format(name=quote(name, safe="")).removeprefix("api")
        body = {"grace_seconds": grace_s, "unclear_is_no": True}
        answer = await self._call("POST", path, body)
        if answer is None:
            return None
        found = answer.json()
        return RecheckResult(
            allowed=bool(found["allowed"]),
            reason=str(found.get("reason") or ""),
            sessions=tuple(found.get("sessions") or ()),
            stops_at=found.get("stops_at"),
        )

    async def show_notice(
        self, notice: Notice, users: Collection[str] | None = None
    ) -> Delivery | None:
        """Show a notice in every session that runs, or in those of some people.

        None if the hub is one that knows no such call.
        """
        body: dict[str, object] = {"notice": json.loads(notice.to_json())}
        if message := message_of(notice.text):
            body["message"] = message
        if users is not None:
            body["users"] = sorted(users)
        return _delivery(await self._call("POST", _NOTICES, body))

    async def withdraw_notice(self, notice_id: str) -> Delivery | None:
        """Take a notice back in every session that runs; None as in `show_notice`."""
        path = f"{_NOTICES}?{urlencode({'id': notice_id})}"
        return _delivery(await self._call("DELETE", path))

    async def stop(self, name: str, server: str) -> None:
        """Stop one session; the hub may go on stopping it after this."""
        tail = f"servers/{quote(server, safe='')}" if server else "server"
        await self._call("DELETE", f"/users/{quote(name, safe='')}/{tail}")

    async def delete_user(self, name: str) -> bool:
        """Delete somebody with all tokens, stopping what runs; False if the hub knows nobody."""
        return await self._call("DELETE", f"/users/{quote(name, safe='')}") is not None

    async def _call(
        self,
        method: str,
        path: str,
        body: Any = None,  # noqa: ANN401 -- JSON
        patience: Patience | None = None,
    ) -> httpx.Response | None:
        """Ask, again where there is no answer: every call of ours may be given twice."""
        return await (patience or self._patience).ask(lambda: self._ask(method, path, body))

    async def _ask(self, method: str, path: str, body: Any) -> httpx.Response | None:  # noqa: ANN401
        headers = {"Authorization": f"token {self._token()}"}
        advice = (
            "Look at hub.api_url in the configuration, and whether the hub runs; "
            "then run the same command again."
        )
        try:
            answer = await self._client.request(
                method, self._url + path, json=body, headers=headers
            )
        except httpx.HTTPError as error:
            why = str(error) or type(error).__name__
            what = f"The hub at {self._url} cannot be reached: {why}"
            raise UnreachableError(what.rstrip("."), advice) from error
        if answer.status_code in BUSY:
            what = f"The hub at {self._url} answers {answer.status_code} to {method} {path}"
            asked = pause_asked(answer.headers)
            raise UnreachableError(f"{what}: {_message(answer)}".rstrip(".: "), advice, asked)
        if answer.status_code == HTTPStatus.NOT_FOUND and _is_the_hubs(answer):
            return None
        if answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise MissingRightError(
                f"The hub at {self._url} does not accept our token for {method} {path}. It must "
                f"be that of the service {PEOPLE_SERVICE}, with the scopes {_SCOPES}; "
                "look at hub.token_file in the configuration."
            )
        if not answer.is_success:
            raise PeopleError(
                f"The hub answered {answer.status_code} to {method} {path}: {_message(answer)}"
            )
        return answer


def _delivery(answer: httpx.Response | None) -> Delivery | None:
    if answer is None:
        return None
    said = answer.json()
    return Delivery(tuple(said["told"]), tuple(said["missed"]))


def _is_the_hubs(answer: httpx.Response) -> bool:
    """Tell "no such user" from a wrong address, which must not read as "nobody is there"."""
    return "x-jupyterhub-version" in answer.headers


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        page = "html" in answer.headers.get("Content-Type", "")
        return answer.reason_phrase if page else answer.text[:300].strip()

"""Calls to a session, and about one: show or withdraw a notice, save open pages, stop it.

They are made in the name of the hub's own service: the tokens of a person who has lost access
are refused.
"""

from collections.abc import Callable
from functools import partial

import aiohttp
from gpucommons_contract import NOTICE_SERVICE, Endpoint, Notice
from gpucommons_contract.words import ENGLISH
from gpucommons_upkeep.logs.requests import passed_on
from jupyterhub import orm
from jupyterhub.httpclient import JupyterHubHTTPClient
from jupyterhub.spawner import Spawner
from jupyterhub.utils import url_escape_path, url_path_join
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from tornado.httpclient import HTTPClientError
from tornado.httputil import url_concat
from yarl import URL

from gpucommons_sessions.hub_database import roll_back

NOTICE_SCOPES = (
    "access:servers",
    "delete:servers",
    # Every token of the service needs this: it reads its own name.
    f"read:services:name!service={NOTICE_SERVICE}",
)
"""What the service that makes the calls may do."""
CALL_ERRORS = (HTTPClientError, OSError, LookupError)
"""What a call may raise: it was refused, or not answered, or there is no such service.

Or the hub's database does not answer, which is an OSError.
"""

_TOKEN_LIFE_S = 60
_SUCCESS = 2
"""First digit of the statuses that mean success."""
_TIMEOUT_S = 5.0
_STOP_TIMEOUT_S = 30.0
"""The hub answers once a session is gone, or after ten seconds that it is still stopping."""


def has_service(db: Session) -> bool:
    """Say whether the hub's configuration lists the service."""
    return orm.Service.find(db, NOTICE_SERVICE) is not None


async def show_notice(spawner: Spawner, notice: Notice) -> None:
    """Show a notice in a session, in the language that the session was started in."""
    where = partial(_session_url, spawner, Endpoint.SESSION_NOTICE)
    said = notice.in_language(getattr(spawner, "language", ENGLISH))
    await _call(spawner, "access:servers", "POST", where, body=said.to_json())


async def withdraw_notice(spawner: Spawner, notice_id: str) -> None:
    """Withdraw a notice."""

    def where() -> str:
        address = _session_url(spawner, Endpoint.SESSION_NOTICE)
        return str(url_concat(address, {"id": notice_id}))

    await _call(spawner, "access:servers", "DELETE", where)


async def let_pages_save(spawner: Spawner) -> None:
    """Ask the open pages of a session to save, and return once they have had time to."""
    where = partial(_session_url, spawner, Endpoint.SESSION_FAREWELL)
    await _call(spawner, "access:servers", "POST", where)


async def stop_session(spawner: Spawner) -> None:
    """Stop a session through the hub's API, as an administrator does."""
    where = partial(_server_url, spawner)
    await _call(spawner, "delete:servers", "DELETE", where, seconds=_STOP_TIMEOUT_S)


def _server_url(spawner: Spawner) -> str:
    person = url_path_join(spawner.hub.api_url, "users", url_escape_path(spawner.user.name))
    if not spawner.name:
        return str(url_path_join(person, "server"))
    return str(url_path_join(person, "servers", url_escape_path(spawner.name)))


def _session_url(spawner: Spawner, endpoint: Endpoint) -> str:
    return str(url_path_join(spawner.server.url, endpoint))


def _token(spawner: Spawner, right: str, method: str) -> str:
    """Make a token. Raises LookupError without a service, and what the database raises."""
    service = orm.Service.find(spawner.db, NOTICE_SERVICE)
    if service is None:
        raise LookupError(f"The hub's configuration lists no service {NOTICE_SERVICE}")
    token: str = service.new_api_token(
        note=f"{method} for one session",
        expires_in=_TOKEN_LIFE_S,
        scopes=[f"{right}!server={spawner.user.name}/{spawner.name}"],
    )
    return token


async def _call(
    spawner: Spawner,
    right: str,
    method: str,
    where: Callable[[], str],
    *,
    body: str = "",
    seconds: float = _TIMEOUT_S,
) -> None:
    """Send one request with a token of a minute, good for this session alone.

    What a session answers is up to its person. So its status is all that is read, and nothing
    is followed: a redirect would lead the hub to any address within the cluster.
    Raises CALL_ERRORS; a status that is not a success is an HTTPClientError.
    """
    try:
        url, token = where(), _token(spawner, right, method)
    except SQLAlchemyError as error:
        roll_back(spawner.db)
        raise ConnectionError("the hub's database does not answer") from error
    # Its own connection: some calls take seconds, and cookies that a session sets end with it.
    client = JupyterHubHTTPClient()
    try:
        response = await client.fetch(
            URL(url, encoded=True),
            method=method,
            data=body.encode(),
            headers={"Authorization": f"token {token}", **passed_on()},
            allow_redirects=False,
            raise_for_status=False,
            timeout=aiohttp.ClientTimeout(total=seconds),
        )
        response.close()
    except (aiohttp.ClientError, ValueError) as error:
        raise HTTPClientError(599, f"no answer: {error}") from error
    finally:
        await client.close()
    if response.status // 100 != _SUCCESS:
        raise HTTPClientError(response.status)

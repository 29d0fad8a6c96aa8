"""Calls to a session, and about one: a notice shown or taken back, pages saved, it stopped.

They are made in the name of a service of the hub's own: the tokens of a person who may not
be here any more are refused.
"""

from gpucommons_contract import NOTICE_SERVICE, Endpoint, Notice
from jupyterhub import orm
from jupyterhub.spawner import Spawner
from jupyterhub.utils import url_escape_path, url_path_join
from sqlalchemy.orm import Session
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.httputil import url_concat

NOTICE_SCOPES = (
    "access:servers",
    "delete:servers",
    # Which every token of it may do: see its own name.
    f"read:services:name!service={NOTICE_SERVICE}",
)
"""What the service in whose name the calls are made may do."""
CALL_ERRORS = (HTTPClientError, OSError, LookupError)
"""What a call may raise: refused, no answer, or no such service."""

_TOKEN_LIFE_S = 60
_TIMEOUT_S = 5.0
_STOP_TIMEOUT_S = 30.0
"""The hub answers once a session is gone, or after ten seconds that it is still stopping."""


def has_service(db: Session) -> bool:
    """Say whether the hub's configuration lists the service."""
    return orm.Service.find(db, NOTICE_SERVICE) is not None


async def show_notice(spawner: Spawner, notice: Notice) -> None:
    """Show a notice in a session."""
    url = _session_url(spawner, Endpoint.SESSION_NOTICE)
    await _call(spawner, "access:servers", "POST", url, body=notice.to_json())


async def withdraw_notice(spawner: Spawner, notice_id: str) -> None:
    """Take a notice back."""
    url = url_concat(_session_url(spawner, Endpoint.SESSION_NOTICE), {"id": notice_id})
    await _call(spawner, "access:servers", "DELETE", url)


async def let_pages_save(spawner: Spawner) -> None:
    """Have open pages of a session save, and return once they had their time."""
    url = _session_url(spawner, Endpoint.SESSION_FAREWELL)
    # Its own, as it takes seconds: others would wait for one of the hub's few connections.
    client = AsyncHTTPClient(force_instance=True)
    try:
        await _call(spawner, "access:servers", "POST", url, client=client, body="")
    finally:
        client.close()


async def stop_session(spawner: Spawner) -> None:
    """Stop a session through the hub's API, as an administrator does."""
    person = url_path_join(spawner.hub.api_url, "users", url_escape_path(spawner.user.name))
    url = url_path_join(person, "servers", url_escape_path(spawner.name))
    if not spawner.name:
        url = url_path_join(person, "server")
    await _call(spawner, "delete:servers", "DELETE", url, request_timeout=_STOP_TIMEOUT_S)


def _session_url(spawner: Spawner, endpoint: Endpoint) -> str:
    return str(url_path_join(spawner.server.url, endpoint))


async def _call(
    spawner: Spawner,
    right: str,
    method: str,
    url: str,
    *,
    client: AsyncHTTPClient | None = None,
    **options: object,
) -> None:
    """Send one request with a token of a minute, good for this session alone."""
    service = orm.Service.find(spawner.db, NOTICE_SERVICE)
    if service is None:
        raise LookupError(f"The hub's configuration lists no service {NOTICE_SERVICE}")
    token = service.new_api_token(
        note=f"{method} for one session",
        expires_in=_TOKEN_LIFE_S,
        scopes=[f"{right}!server={spawner.user.name}/{spawner.name}"],
    )
    headers = {"Authorization": f"token {token}"}
    options = {"request_timeout": _TIMEOUT_S} | options
    await (client or AsyncHTTPClient()).fetch(HTTPRequest(url, method, headers, **options))

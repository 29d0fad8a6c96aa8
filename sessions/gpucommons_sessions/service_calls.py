"""Asks a service of the hub for the person, or the service, whose request the hub answers.

It is asked with a token of theirs, of a minute and for this service alone: what they may not do
there is refused, and its records name them.
"""

from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
from gpucommons_upkeep.logs.requests import passed_on
from jupyterhub.httpclient import JupyterHubHTTPClient
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from gpucommons_sessions.hub_database import roll_back
from gpucommons_sessions.service_address import service_url

_TOKEN_LIFE_S = 60
_TIMEOUT_S = 10.0
_SUCCESS = 2
"""First digit of the statuses that mean success."""


class ServiceCallError(Exception):
    """The service was not asked, did not answer, or refused. The message says so in a sentence."""


class NoServiceError(ServiceCallError):
    """The hub has no such service, or none with an address."""


async def ask_for(
    db: Session,
    owner: Any,  # noqa: ANN401 -- JupyterHub's user or service
    service: str,
    method: str,
    path: str,
    *,
    may: Callable[[str], bool],
    query: Mapping[str, str] | None = None,
    body: Mapping[str, object] | None = None,
    seconds: float = _TIMEOUT_S,
) -> Any:  # noqa: ANN401 -- JSON
    """Return what the service answers below its address. Raises ServiceCallError.

    owner: who asks. may: whether their request, whose token may allow less than they may, has a
    scope. Names in ``path`` must be percent-encoded.
    """
    access = f"access:services!service={service}"
    try:
        url = service_url(db, service, path)
        if url is None:
            raise NoServiceError(f"The hub has no service {service}.")
        if not may(access):
            raise ServiceCallError(f"This needs the scope {access}.")
        token = owner.new_api_token(
            note=f"{method} {service}",
            expires_in=_TOKEN_LIFE_S,
            scopes=["admin-ui", access],
        )
    except SQLAlchemyError as error:
        roll_back(db)
        raise ServiceCallError("The hub's database does not answer.") from error
    except ValueError as error:  # they may not do so themselves
        raise ServiceCallError(f"You may not use the service {service}.") from error
    client = JupyterHubHTTPClient()
    try:
        answer = await client.fetch(
            url.with_query(dict(query)) if query else url,
            method=method,
            json=body,
            headers={"Authorization": f"token {token}", **passed_on()},
            allow_redirects=False,
            raise_for_status=False,
            timeout=aiohttp.ClientTimeout(total=seconds),
        )
        said = await answer.json() if answer.status // 100 == _SUCCESS else await _message(answer)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        why = str(error) or type(error).__name__
        raise ServiceCallError(f"The service {service} does not answer: {why}") from error
    finally:
        await client.close()
    if answer.status // 100 != _SUCCESS:
        raise ServiceCallError(said)
    return said


async def _message(answer: Any) -> str:  # noqa: ANN401 -- aiohttp's response
    """Return why it refused, in its own words where it has some."""
    try:
        return str((await answer.json())["message"])
    except (aiohttp.ClientError, ValueError, KeyError, TypeError):
        return f"The service answered {answer.status}."

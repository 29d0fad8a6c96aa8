"""One call to the idle culler's API, which waits while the culler restarts."""

import asyncio
import ssl
import sys
from collections.abc import Mapping

import httpx
from gpucommons_people.clients.patience import BUSY, Patience, pause_asked
from gpucommons_people.errors import PeopleError, UnreachableError

_TIMEOUT_S = 30.0


def ask(
    method: str,
    url: str,
    token: str,
    body: Mapping[str, str] | None,
    patience: Patience | None = None,
    *,
    trusted: ssl.SSLContext | None = None,
) -> httpx.Response:
    """Call until there is a response. Raises PeopleError if there is none for long.

    trusted: certificates in place of the usual ones.
    """
    patience = patience or Patience(tell=lambda what: print(what, file=sys.stderr))  # noqa: T201
    return asyncio.run(patience.ask(lambda: _ask(method, url, token, body, trusted)))


async def _ask(
    method: str,
    url: str,
    token: str,
    body: Mapping[str, str] | None,
    trusted: ssl.SSLContext | None,
) -> httpx.Response:
    advice = "Check that hub and culler are running; then run the same command again."
    headers = {"Authorization": f"token {token}"}
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT_S, verify=trusted or True) as client:
            answer = await client.request(method, url, headers=headers, json=body)
    except httpx.HTTPError as error:
        what = f"The idle culler at {url} does not answer: {str(error) or type(error).__name__}"
        if method == "POST" and not isinstance(error, httpx.ConnectError):  # not to do it twice
            look = "It may have done it nevertheless; see: gpucommons idle exemptions"
            raise PeopleError(f"{what}. {look}") from error
        raise UnreachableError(what, advice) from error
    if answer.status_code in BUSY:
        what = f"The idle culler at {url} answers {answer.status_code} {answer.reason_phrase}"
        raise UnreachableError(what, advice, pause_asked(answer.headers))
    return answer

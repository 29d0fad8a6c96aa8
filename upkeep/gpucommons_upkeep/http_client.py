"""HTTP calls to hub and sessions: many at once, on connections that are kept, each with an end.

aiohttp, because this is most of what the idle culler computes: a call costs it 0.12 ms, Tornado's
client, which keeps no connection, 0.5 ms, and httpx 3 ms with fifty calls at once.
"""

import asyncio
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import aiohttp
from yarl import URL

from gpucommons_upkeep.logs.requests import passed_on

LONGEST_ANSWER = 2 * 2**20
"""Bytes. What a session sends is up to its person."""
CALL_ERRORS = (aiohttp.ClientError, OSError, TimeoutError, ValueError)
"""What a call may raise: no connection, no response in time, too long a response, no HTTP."""


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, whatever its status."""

    status: int
    body: bytes


class HTTPClient:
    """Keeps connections until it is closed. Its methods are called in one event loop."""

    def __init__(self, connections: int) -> None:
        """connections: how many there may be at once; further calls wait, within their time."""
        self._connections = connections

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        if "_client" in self.__dict__:
            await self._client.close()
            del self._client

    async def send(
        self,
        method: str,
        url: str,
        token: str,
        *,
        seconds: float,
        json: str | None = None,
    ) -> Response:
        """Send a request and read the answer. url is escaped already. Raises CALL_ERRORS.

        Redirects are not followed: they would lead the token elsewhere. The id of the request that
        is answered now goes along.
        """
        headers = {"Authorization": f"token {token}", "Accept-Encoding": "identity", **passed_on()}
        if json is not None:
            headers["Content-Type"] = "application/json"
        async with (
            asyncio.timeout(seconds),
            self._client.request(
                method,
                URL(url, encoded=True),
                data=None if json is None else json.encode(),
                headers=headers,
                allow_redirects=False,
            ) as response,
        ):
            return Response(response.status, await _body(response))

    @cached_property
    def _client(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections),
            # One host for the hub and all sessions: what a session sets, no other shall be sent.
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
        )


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """Read a response of limited length."""
    chunks, length = [], 0
    async for chunk in response.content.iter_any():
        chunks.append(chunk)
        length += len(chunk)
        if length > LONGEST_ANSWER:
            response.close()
            raise ValueError(f"The answer is longer than {LONGEST_ANSWER} bytes.")
    return b"".join(chunks)

"""Follows one kind of Kubernetes object: a list once, then only what changes.

KubeSpawner's reflector lists everything again every ten seconds. Here a watch
that ends is taken up at the last resource version, and a list follows only
when the API server no longer knows that version.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

import aiohttp
from kubernetes_asyncio.client import ApiException

Manifest = dict[str, Any]
"""An object as the API server sends it."""

WATCH_SECONDS = 300
"""How long one watch request lives. Ending now and then lets API servers rebalance."""
_SILENCE_SECONDS = 60
"""Extra time after which a watch that the server should have ended counts as dead."""
_FIRST_DELAY_SECONDS = 0.2
_LONGEST_DELAY_SECONDS = 10.0
_GONE = 410

ListCall = Callable[..., Awaitable[Any]]


class Sink(Protocol):
    """Takes what the watch finds."""

    def replace(self, objects: list[Manifest]) -> None:
        """Take a complete list; what is not in it is gone."""

    def update(self, kind: str, changed: Manifest) -> None:
        """Take one change; kind is ``ADDED``, ``MODIFIED`` or ``DELETED``."""


class _ExpiredError(Exception):
    """The resource version is too old to watch from."""


class Watch:
    """One list and one endless watch. ``call`` is a list method of the Kubernetes client."""

    def __init__(self, call: ListCall, sink: Sink, log: logging.Logger, **query: object) -> None:
        self._call = call
        self._sink = sink
        self._log = log
        self._query = query
        self._version = ""

    async def load(self) -> None:
        """List everything once. Raises ApiException or aiohttp.ClientError if that fails."""
        response = await self._call(
            **self._query, resource_version="0", _preload_content=False, _request_timeout=60
        )
        body = await _json(response)
        self._version = body["metadata"]["resourceVersion"]
        for item in body["items"]:
            _shorten(item)
        self._sink.replace(body["items"])

    async def run(self) -> None:
        """Follow changes until cancelled, whatever happens to the connection."""
        delay = _FIRST_DELAY_SECONDS
        while True:
            try:
                if not self._version:
                    await self.load()
                await self._follow()
                delay = _FIRST_DELAY_SECONDS
            except _ExpiredError:
                self._version = ""
            except (ApiException, aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                self._version = ""
                self._log.warning(
                    "following %s failed, again in %.1f s: %s", self._name, delay, _short(error)
                )
                await asyncio.sleep(delay)
                delay = min(2 * delay, _LONGEST_DELAY_SECONDS)

    @property
    def _name(self) -> str:
        return getattr(self._call, "__name__", "objects").removeprefix("list_")

    async def _follow(self) -> None:
        response = await self._call(
            **self._query,
            watch=True,
            resource_version=self._version,
            allow_watch_bookmarks=True,
            timeout_seconds=WATCH_SECONDS,
            _preload_content=False,
            _request_timeout=WATCH_SECONDS + _SILENCE_SECONDS,
        )
        try:
            if not response.ok:
                raise _failure(response.status, response.reason)
            async for line in _lines(response.content):
                self._take(json.loads(line))
        finally:
            response.close()

    def _take(self, event: Manifest) -> None:
        changed = event["object"]
        if event["type"] == "ERROR":
            raise _failure(changed.get("code", 0), changed.get("message", ""))
        self._version = changed["metadata"]["resourceVersion"]
        if event["type"] != "BOOKMARK":
            _shorten(changed)
            self._sink.update(event["type"], changed)


async def _json(response: Any) -> Manifest:  # noqa: ANN401 -- aiohttp's, behind an untyped client
    try:
        if not response.ok:
            raise _failure(response.status, response.reason)
        body: Manifest = json.loads(await response.read())
    finally:
        response.close()
    return body


def _shorten(manifest: Manifest) -> None:
    """Drop who set which field when: a third of a pod, and nobody reads it here."""
    manifest["metadata"].pop("managedFields", None)


def _failure(status: int, reason: str) -> Exception:
    if status == _GONE:
        return _ExpiredError()
    refused: Exception = ApiException(status=status, reason=reason)
    return refused


def _short(error: Exception) -> str:
    if isinstance(error, ApiException):
        return f"{error.status} {error.reason}"
    return f"{type(error).__name__} {error}"


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Split a stream at newlines; aiohttp's own way has a limit on a line's length."""
    rest = b""
    async for chunk in content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line:
                yield line

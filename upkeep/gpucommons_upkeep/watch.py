"""Follows one kind of Kubernetes object: a list once, then only what changes.

KubeSpawner's reflector lists everything again every ten seconds. Here a watch
that ends is taken up at the last resource version, and a list follows only
when the API server no longer knows that version, and every half an hour: sooner
after the first, after a failure, and after one that lacks what was there. A list
may be wrong, and looks like any other then.

Nothing that comes back ends it, and what is not an answer of an API server changes nothing.
"""

import asyncio
import json
import logging
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

import aiohttp
from kubernetes_asyncio.client import ApiException

from gpucommons_upkeep.loop import Backoff, Heartbeat

Manifest = dict[str, Any]
"""One object of Kubernetes, as the API server sends it."""

WATCH_SECONDS = 300
"""How long one watch request lives. Ending now and then lets API servers rebalance."""
_SILENCE_SECONDS = 60
"""Extra time after which a watch that the server should have ended counts as dead."""
_FIRST_PAUSE_SECONDS = 0.4
_LONGEST_PAUSE_SECONDS = 10.0
_BRIEF_SECONDS = 1.0
"""A watch that ends sooner, and reported nothing, is not a watch: the next one follows a pause."""
_LIST_AGAIN_SECONDS = 1800.0
"""After which everything is listed again: a list that was wrong is not believed for ever."""
_DOUBT_SECONDS = 5.0
"""The same for a list that no other confirms; each that does is believed four times as long."""
_OLD_SECONDS = 30.0
"""The age from which what is known counts as old while following fails."""
_GONE = 410
_KINDS = ("ADDED", "MODIFIED", "DELETED")

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
        self._listed = 0.0
        self._known = 0
        """How many objects there are, by the last list and what came since."""
        self._believed = 0.0
        """Seconds after which the last list is no longer believed; 0 if there is none."""
        self.heart = Heartbeat(f"following {self._name}", WATCH_SECONDS + _SILENCE_SECONDS)
        """When the API server was last heard of."""

    @property
    def fresh(self) -> bool:
        """Whether what is known is as it is, or was a moment ago."""
        longest = _OLD_SECONDS if self.heart.failures else self.heart.within
        return self.heart.age <= longest

    async def load(self) -> None:
        """List everything once: from the API server's cache, or fresh to confirm what came last.

        Raises ApiException, aiohttp.ClientError, TimeoutError, or ValueError if not a list.
        """
        cached = None if 0 < self._believed < _LIST_AGAIN_SECONDS else "0"
        response = await self._call(
            **self._query, resource_version=cached, _preload_content=False, _request_timeout=60
        )
        body = _complete(await _json(response))
        items = body["items"]
        for item in items:
            _shorten(item)
        self._sink.replace(items)
        self._believe(len(items))
        self._version = body["metadata"]["resourceVersion"]
        self._listed = time.monotonic()
        self._heard()

    def _believe(self, listed: int) -> None:
        """Choose how long a list of that many objects is believed."""
        confirmed = self._believed and listed >= self._known
        longer = 4 * self._believed if confirmed else _DOUBT_SECONDS
        self._believed = min(longer, _LIST_AGAIN_SECONDS)
        self._known = listed

    async def run(self) -> None:
        """Follow changes until cancelled, whatever comes back."""
        backoff = Backoff(_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS)
        while True:
            try:
                if not self._version:
                    await self.load()
                lasted = await self._follow()
            except _ExpiredError:
                self._version, self._believed = "", 0.0
            except Exception as error:  # what a broken answer breaks cannot be listed
                self._version, self._believed = "", 0.0
                pause = backoff.pause(_wished(error))
                if self.heart.failed(_short(error)):
                    self._log.warning(
                        "%s failed, again in %.1f s: %s",
                        self.heart.name,
                        pause,
                        self.heart.problem,
                    )
                await asyncio.sleep(pause)
                continue
            else:
                if lasted:
                    backoff.reset()
                    if time.monotonic() - self._listed >= self._believed:
                        self._version = ""
                    continue
            await asyncio.sleep(backoff.pause())

    def _heard(self) -> None:
        if self.heart.failures:
            self._log.info("%s works again", self.heart.name)
        self.heart.succeeded()

    @property
    def _name(self) -> str:
        return getattr(self._call, "__name__", "objects").removeprefix("list_")

    async def _follow(self) -> bool:
        """Follow one watch to its end; False if there was nothing to it."""
        begun, taken = time.monotonic(), 0
        lasts = math.ceil(max(1.0, min(WATCH_SECONDS, self._listed + self._believed - begun)))
        response = await self._call(
            **self._query,
            watch=True,
            resource_version=self._version,
            allow_watch_bookmarks=True,
            timeout_seconds=lasts,
            _preload_content=False,
            _request_timeout=lasts + _SILENCE_SECONDS,
        )
        try:
            if not response.ok:
                raise _failure(response)
            async for line in _lines(response.content):
                self._take(json.loads(line))
                taken += 1
        finally:
            response.close()
        if taken or time.monotonic() - begun > _BRIEF_SECONDS:
            self._heard()
            return True
        return False

    def _take(self, event: Manifest) -> None:
        changed = event["object"]
        if event["type"] == "ERROR":
            raise _error(changed.get("code", 0), changed.get("message", ""))
        version = changed["metadata"]["resourceVersion"]
        if event["type"] in _KINDS:
            _shorten(changed)
            self._known += {"ADDED": 1, "DELETED": -1}.get(event["type"], 0)
            self._sink.update(event["type"], changed)
        elif event["type"] != "BOOKMARK":
            raise ValueError(f"an event of type {event['type']}")
        self._version = version
        self._heard()


async def _json(response: Any) -> Manifest:  # noqa: ANN401 -- aiohttp's, behind an untyped client
    try:
        if not response.ok:
            raise _failure(response)
        body: Manifest = json.loads(await response.read())
    finally:
        response.close()
    return body


def _shorten(manifest: Manifest) -> None:
    """Drop who set which field when: a third of a pod, and nobody reads it here."""
    manifest["metadata"].pop("managedFields", None)


def _complete(body: Manifest) -> Manifest:
    """Return a list that an API server has sent whole. Raises ValueError for anything else.

    What is missing in a list counts as gone, so that half of one, or another object that says
    200, must not be taken for one.
    """
    metadata = body.get("metadata") if isinstance(body, dict) else None
    if not isinstance(metadata, dict) or not str(body.get("kind", "")).endswith("List"):
        raise ValueError("the answer is not a list of an API server")
    if not metadata.get("resourceVersion") or metadata.get("continue"):
        raise ValueError("the list is incomplete")
    items = body.get("items")
    if not isinstance(items, list) or not all(_is_named(item) for item in items):
        raise ValueError("the list contains something other than objects with names")
    return body


def _is_named(item: object) -> bool:
    metadata = item.get("metadata") if isinstance(item, dict) else None
    return isinstance(metadata, dict) and isinstance(metadata.get("name"), str)


def _failure(response: Any) -> Exception:  # noqa: ANN401 -- aiohttp's, behind an untyped client
    error = _error(response.status, response.reason)
    if isinstance(error, ApiException):
        error.headers = getattr(response, "headers", None)
    return error


def _error(status: int, reason: str) -> Exception:
    if status == _GONE:
        return _ExpiredError()
    refused: Exception = ApiException(status=status, reason=reason)
    return refused


def _wished(error: Exception) -> float | None:
    """Return the seconds after which the API server wants to be asked again, if it says so."""
    headers: Any = error.headers if isinstance(error, ApiException) else None
    told = str((headers or {}).get("Retry-After", ""))
    return float(told) if told.isascii() and told.isdigit() else None


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

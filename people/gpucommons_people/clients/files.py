"""The service of earlier files, as it answers those who may read snapshots of other people."""

import json
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import quote, unquote_to_bytes, urlencode

import httpx
from gpucommons_contract import FILES_SERVICE, READ_SNAPSHOTS_SCOPE, read_moment

from gpucommons_people.clients.patience import AT_ONCE, BUSY, Patience, pause_asked
from gpucommons_people.errors import (
    MissingRightError,
    NotThereError,
    PeopleError,
    UnreachableError,
)

_TIMEOUT_S = 90.0
"""The service waits for the store, and for sessions that are told."""
_ENTRIES, _BYTES = "Workspace-Entries", "Workspace-Bytes"
_ADVICE = "Look whether the service runs, then run the same command again."
Query = Mapping[str, str | bytes]


@dataclass(frozen=True, slots=True)
class Reading:
    """Whose snapshots are read, by whom, and why."""

    user: str
    team: str
    reason: str
    by: str

    def query(self, **more: str | bytes) -> Query:
        """Return the fields of a request, with others."""
        return {
            "user": self.user,
            "team": self.team,
            "reason": self.reason,
            "by": self.by,
            **more,
        }


@dataclass(frozen=True, slots=True)
class KeptSnapshot:
    """One snapshot. complete is None where that is not known."""

    id: str
    time: datetime  # UTC
    files: int | None
    bytes: int | None
    complete: bool | None


@dataclass(frozen=True, slots=True)
class KeptEntry:
    """One entry of a folder in a snapshot."""

    name: bytes
    kind: str
    """``file``, ``dir``, ``symlink`` or ``other``."""
    size: int  # bytes
    modified: datetime  # UTC


@dataclass(frozen=True, slots=True)
class Archive:
    """A folder as tar, as it comes."""

    entries: int
    """Files, folders and all else that is in it."""
    size: int
    """Bytes of all files."""
    parts: Iterator[bytes]


class Files:
    """The service; every method may raise UnreachableError, MissingRightError, NotThereError.

    address is that of the hub for people, whose proxy leads to the service; token that of
    the account commands' service.
    """

    def __init__(
        self,
        connection: httpx.AsyncClient,
        address: str,
        token: Callable[[], str],
        patience: Patience = AT_ONCE,
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        self._client = connection
        self._url = f"{address.rstrip('/')}/services/{FILES_SERVICE}/api"
        self._token = token
        self._patience = patience
        self._trusted = trusted

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        address: str,
        token: Callable[[], str],
        patience: Patience = AT_ONCE,
        trusted: ssl.SSLContext | None = None,
    ) -> AsyncIterator[Self]:
        """Connect, for as long as an ``async with`` lasts. trusted as for the hub."""
        async with httpx.AsyncClient(timeout=_TIMEOUT_S, verify=trusted or True) as connection:
            yield cls(connection, address, token, patience, trusted)

    async def snapshots(self, reading: Reading) -> list[KeptSnapshot]:
        """Return the snapshots of somebody's workspace, newest first."""
        said = await self._ask("snapshots", reading.query())
        return [
            KeptSnapshot(
                each["id"],
                read_moment(each["time"]),
                each["files"],
                each["bytes"],
                each["complete"],
            )
            for each in said["snapshots"]
        ]

    async def folder(
        self, reading: Reading, snapshot: str, path: bytes
    ) -> tuple[list[KeptEntry], bool]:
        """Return what a folder had, and whether this is all of it. An empty path is all files."""
        said = await self._ask("folder", reading.query(snapshot=snapshot, path=path))
        found = [
            KeptEntry(
                unquote_to_bytes(each["name"]),
                each["kind"],
                each["size"],
                read_moment(each["modified"]),
            )
            for each in said["entries"]
        ]
        return found, bool(said["complete"])

    @contextmanager
    def archive(self, reading: Reading, snapshot: str, path: bytes) -> Iterator[Archive]:
        """Give a folder as tar, for as long as a ``with`` lasts. It blocks: call it in a thread.

        What comes to its end without an error is all that was sent.
        """
        address = f"{self._url}/archive?{_written(reading.query(snapshot=snapshot, path=path))}"
        with httpx.Client(timeout=_TIMEOUT_S, verify=self._trusted or True) as client:
            try:
                with client.stream("GET", address, headers=self._headers()) as answer:
                    if not answer.is_success:
                        answer.read()
                    self._check(answer)
                    entries, size = (int(answer.headers[each]) for each in (_ENTRIES, _BYTES))
                    yield Archive(entries, size, answer.iter_bytes())
            except httpx.HTTPError as error:
                raise self._unreachable(error) from error

    async def _ask(self, what: str, query: Query) -> Any:  # noqa: ANN401 -- JSON
        return await self._patience.ask(lambda: self._once(f"/{what}?{_written(query)}"))

    async def _once(self, path: str) -> Any:  # noqa: ANN401 -- JSON
        try:
            answer = await self._client.get(self._url + path, headers=self._headers())
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        self._check(answer)
        return answer.json()

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"token {self._token()}"}

    def _unreachable(self, error: httpx.HTTPError) -> UnreachableError:
        why = str(error) or type(error).__name__
        what = f"The service of earlier files at {self._url} does not answer: {why}"
        return UnreachableError(what.rstrip("."), _ADVICE)

    def _check(self, answer: httpx.Response) -> None:
        """Raise what the service says, if it is no success."""
        if answer.is_success:
            return
        said, status = _message(answer), answer.status_code
        if status in BUSY:
            what = f"The service of earlier files answers {status}: {said or answer.reason_phrase}"
            raise UnreachableError(what.rstrip("."), _ADVICE, pause_asked(answer.headers))
        if not said:
            raise PeopleError(
                f"There is no service of earlier files at {self._url}: the answer is {status}. "
                f"The hub must list the service {FILES_SERVICE} with its url."
            )
        if status == HTTPStatus.FORBIDDEN:
            raise MissingRightError(
                f"The service of earlier files refuses our token: {said} The hub's role of the "
                f"account commands must have {READ_SNAPSHOTS_SCOPE}."
            )
        if status == HTTPStatus.NOT_FOUND:
            raise NotThereError(said)
        raise PeopleError(f"The service of earlier files answers {status}: {said}")


def _written(query: Query) -> str:
    """Write a query; what is bytes is any name that Linux allows."""
    return urlencode(query, quote_via=quote)


def _message(answer: httpx.Response) -> str:
    """Return what the service says of a refusal; empty if something else answers."""
    try:
        said = json.loads(answer.content)
        return str(said["message"]) if "status" in said else ""
    except (ValueError, KeyError, TypeError):
        return ""

"""Calls of the service that has earlier versions of files. They block: they belong into threads."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, Protocol, TypeVar
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

from gpucommons_contract import SessionVariable
from gpucommons_contract.workspaces.earlier_files import LeftOutEntry, SnapshotNotes, SnapshotWish

_TIMEOUT_S = 30.0
"""Between two parts of an answer. Listing versions reads up to a hundred snapshots."""
_LARGEST = 2**23  # bytes of an answer that is no file, such as a folder of 10,000 entries
_MADE = (HTTPStatus.CREATED, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS)
"""What a wish is answered with that was made, or is waiting, or was made a moment ago."""
_AMOUNT = ("Workspace-Entries", "Workspace-Bytes")
"""Headers of an archive."""
_Read = TypeVar("_Read")


class ServiceError(Exception):
    """The service does not answer, or not what was asked for. The text is for the log."""


class NoSuchVersionError(ServiceError):
    """It has no such file, at least not for this session."""


@dataclass(frozen=True, slots=True)
class Version:
    """A file as it was."""

    snapshot: str
    time: datetime
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All files of the workspace as they were."""

    id: str
    time: datetime
    files: int | None
    bytes: int | None
    complete: bool | None
    """None, as for the figures: that is not known."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a folder had."""

    name: bytes
    kind: str  # "file", "dir", "symlink", "other"
    size: int  # bytes
    modified: datetime


class Body(Protocol):
    """What a version is read from."""

    def read(self, amount: int, /) -> bytes:
        """Return up to so many bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class Content:
    """A file as it was."""

    size: int  # bytes
    modified: datetime | None
    """None where no HTTP date can say it."""
    body: Body


@dataclass(frozen=True, slots=True)
class Archive:
    """A folder as tar, with names relative to it."""

    entries: int
    size: int  # bytes of all files in it
    body: Body


def files_service(environment: Mapping[str, str]) -> "FilesService | None":
    """Return the service that the hub names to this session; None if there is none."""
    url = environment.get(SessionVariable.FILES_URL)
    token = environment.get("JUPYTERHUB_API_TOKEN")
    if not url or not token or not url.startswith(("http://", "https://")):
        return None
    return FilesService(url, token)


class FilesService:
    """The service at one address, asked with the session's own token."""

    def __init__(self, url: str, token: str) -> None:
        """``url`` is as `SessionVariable.FILES_URL`."""
        self._url = urlsplit(url.rstrip("/"))
        self._token = token

    def versions(self, path: bytes) -> list[Version]:
        """Return the versions of a file, newest first; none for one that it does not have.

        ``path`` is relative to the workspace. Raises ServiceError.
        """
        return self.all_versions(path)[0]

    def all_versions(self, path: bytes) -> tuple[list[Version], bool]:
        """Return them, and whether all snapshots were looked at. Raises ServiceError."""
        try:
            said = self._said("versions", path=path)
        except NoSuchVersionError:
            return [], True
        return _read(lambda: ([_version(v) for v in said["versions"]], bool(said["complete"])))

    def snapshots(self, team_folder: bytes = b"") -> list[Snapshot]:
        """Return the workspace's snapshots, newest first; none if none was taken yet.

        With the path of the team's folder, those of that. Raises ServiceError.
        """
        try:
            said = self._said("snapshots", **_within(team_folder))
        except NoSuchVersionError:
            return []
        if team_folder and not said.get("of_team", True):  # it has none, these are the home's
            return []
        return _read(lambda: [_snapshot(each) for each in said["snapshots"]])

    def folder(self, snapshot: str, path: bytes) -> tuple[list[Entry], bool]:
        """Return what a folder had, and whether that is all of it.

        ``path`` is relative to the workspace, empty for all of it. Raises NoSuchVersionError,
        ServiceError.
        """
        said = self._said("folder", snapshot=snapshot.encode(), **_within(path))
        return _read(lambda: ([_entry(each) for each in said["entries"]], bool(said["complete"])))

    def wish(self) -> SnapshotWish:
        """Return what became of the last snapshot that was asked for. Raises ServiceError."""
        said = self._said("wishes")
        return _read(lambda: _wish(said))

    def make_wish(self) -> SnapshotWish:
        """Ask for a snapshot now, unless one is waited for, or was asked for within a minute.

        Raises ServiceError.
        """
        with self._call("POST", "wishes") as answer:
            if answer.status not in _MADE:
                raise ServiceError(f"it answered {answer.status} {answer.reason}")
        return self.wish()

    def notes(self, snapshot: str, team_folder: bytes = b"") -> SnapshotNotes:
        """Return what is not in a snapshot of the workspace, or of the team's folder.

        Raises NoSuchVersionError, ServiceError.
        """
        said = self._said("about", snapshot=snapshot.encode(), **_within(team_folder))
        return _read(lambda: _notes(said))

    def _said(self, what: str, **query: bytes) -> Mapping[str, Any]:
        with self._get(what, **query) as answer:
            said: Mapping[str, Any] = _read(lambda: json.loads(answer.read(_LARGEST)))
        return said

    @contextmanager
    def file(self, snapshot: str, path: bytes) -> Iterator[tuple[int, Body]]:
        """Give the size of a version in bytes, and what to read it from. Raises ServiceError.

        A read that ends before that many bytes, or raises OSError or HTTPException, has not got
        all.
        """
        with self.content(snapshot, path) as found:
            yield found.size, found.body

    @contextmanager
    def content(self, snapshot: str, path: bytes) -> Iterator[Content]:
        """Give the same with the time of the file. Raises ServiceError."""
        with self._get("file", snapshot=snapshot.encode(), path=path) as answer:
            if answer.length is None:
                raise ServiceError("it does not say how large the file is")
            yield Content(answer.length, _modified(answer), answer)

    @contextmanager
    def archive(self, snapshot: str, path: bytes) -> Iterator[Archive]:
        """Give a folder; without a path, the whole workspace. Raises ServiceError.

        A read that raises OSError or HTTPException has not got all.
        """
        with self._get("archive", snapshot=snapshot.encode(), path=path) as answer:
            entries, size = _read(lambda: [int(answer.headers[each]) for each in _AMOUNT])
            yield Archive(entries, size, answer)

    @contextmanager
    def _get(self, what: str, **query: bytes) -> Iterator[HTTPResponse]:
        with self._call("GET", what, **query) as answer:
            if answer.status == HTTPStatus.NOT_FOUND:
                raise NoSuchVersionError("it has no such file of this session")
            if answer.status != HTTPStatus.OK:
                raise ServiceError(f"it answered {answer.status} {answer.reason}")
            yield answer

    @contextmanager
    def _call(self, method: str, what: str, **query: bytes) -> Iterator[HTTPResponse]:
        kind = HTTPSConnection if self._url.scheme == "https" else HTTPConnection
        connection = kind(self._url.hostname or "", self._url.port, timeout=_TIMEOUT_S)
        fields = "&".join(
            f"{key}={quote_from_bytes(value, safe='')}" for key, value in query.items()
        )
        headers = {"Authorization": f"token {self._token}"}
        try:
            try:
                connection.request(method, f"{self._url.path}/api/{what}?{fields}", headers=headers)
                answer = connection.getresponse()
            except (OSError, HTTPException) as error:
                raise ServiceError(f"{error}" or type(error).__name__) from error
            yield answer
        finally:
            connection.close()


def _within(path: bytes) -> dict[str, bytes]:
    return {"path": path} if path else {}


def _read(reader: Callable[[], _Read]) -> _Read:
    """Read an answer. Raises ServiceError where it is another than the service gives."""
    try:
        return reader()
    except (ValueError, KeyError, TypeError) as error:
        raise ServiceError(f"its answer cannot be read: {error!r}") from error
    except (OSError, HTTPException) as error:
        raise ServiceError(f"{error}" or type(error).__name__) from error


def _modified(answer: HTTPResponse) -> datetime | None:
    try:
        return parsedate_to_datetime(answer.headers["Last-Modified"])
    except (ValueError, TypeError):
        return None


def _snapshot(said: Mapping[str, Any]) -> Snapshot:
    time = datetime.fromisoformat(said["time"])
    return Snapshot(str(said["id"]), time, said["files"], said["bytes"], said["complete"])


def _entry(said: Mapping[str, Any]) -> Entry:
    modified = datetime.fromisoformat(said["modified"])
    return Entry(unquote_to_bytes(said["name"]), str(said["kind"]), int(said["size"]), modified)


def _wish(said: Mapping[str, Any]) -> SnapshotWish:
    last = said["wish"] or {"state": None, "snapshot": "", "reason": ""}
    return SnapshotWish(
        bool(said["available"]), last["state"], last["snapshot"] or "", last["reason"] or ""
    )


def _notes(said: Mapping[str, Any]) -> SnapshotNotes:
    left_out = (
        LeftOutEntry(_readable(each["path"]), each["reason"], each["size"], each["files"])
        for each in said["not_kept"]
    )
    unreadable, moving = (tuple(map(_readable, said[each])) for each in ("unreadable", "moving"))
    return SnapshotNotes(tuple(left_out), unreadable, moving, bool(said["complete"]))


def _readable(path: str) -> str:
    return unquote_to_bytes(path).decode(errors="replace")


def _version(said: Mapping[str, Any]) -> Version:
    return Version(str(said["snapshot"]), datetime.fromisoformat(said["time"]), int(said["size"]))

"""The API. What it answers is in docs/reference/files-service.md."""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from types import TracebackType
from typing import Any, ParamSpec, TypeVar
from urllib.parse import quote_from_bytes

from gpucommons_contract import TEAM_FOLDER_OWNER
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler

from gpucommons_backup.errors import BackupError, FolderTooLargeError, NoAnswerError
from gpucommons_backup.service import answers
from gpucommons_backup.service.access import Sessions
from gpucommons_backup.service.administrators import FIELDS, Administrators
from gpucommons_backup.service.records import Records
from gpucommons_backup.service.refusals import RefusedError, missing, store_away, too_large, wrong
from gpucommons_backup.service.shelf import Reading, Shelf, Shelves
from gpucommons_backup.service.team_shelf import TeamShelf
from gpucommons_backup.service.work import Work

_log = logging.getLogger(__name__)
_SNAPSHOT = re.compile(rb"[0-9a-f]{12,64}")
_LONGEST_PATH = 4096
_MOST_ENTRIES = 10_000
_PART = 256 * 1024  # bytes
_STALLED_S = 30.0
"""After which a store that gives nothing of a file is left, and a client that takes nothing."""
ENTRIES_HEADER, BYTES_HEADER = "Workspace-Entries", "Workspace-Bytes"
"""Of an archive: how many files and folders it has, and what the files have."""
_LONGEST_S, _SLOWEST = 15 * 60.0, 1_000_000
"""How long a file may be sent: so many seconds, and one more for each so many bytes."""

_Result = TypeVar("_Result")
_P = ParamSpec("_P")


@dataclass(frozen=True, slots=True)
class Serving:
    """What the API is made of."""

    sessions: Sessions
    records: Records
    shelves: Shelves
    work: Work
    administrators: Administrators
    team_folder: bytes = b""
    """Where sessions have the folder of their team, within the home folder; empty if elsewhere."""


class FilesHandler(RequestHandler):
    """Tells who asks before anything is done, and has the snapshots of nobody else.

    Unless an administrator asks, who names a person, a team and a reason.
    """

    shelf: Shelf | TeamShelf
    person: str
    """Whoever asks."""
    _is_of_team = False
    """Whether the path that is asked for is in the folder of the team."""
    for_administrators = False
    """Whether it may be asked for somebody else's."""

    def initialize(self, serving: Serving) -> None:
        """Take what the application gives."""
        self.serving = serving

    def set_default_headers(self) -> None:
        """Keep answers out of caches and of other sites' pages."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        self.set_header("X-Content-Type-Options", "nosniff")

    def check_xsrf_cookie(self) -> None:
        """No cookie is looked at."""

    async def prepare(self) -> None:
        """Find the repository of the session that asks, or that an administrator names."""
        header = self.request.headers.get("Authorization", "")
        if self.for_administrators and self._one("user"):
            await self._prepare_errand(header)
            return
        team, self.person = await self.serving.sessions.owner(header)
        if not await self._found_of_team(team) and not await self._found(team, self.person):
            raise missing()

    async def _prepare_errand(self, header: str) -> None:
        query = {each: self._one(each).decode(errors="replace") for each in FIELDS}
        errand = await self.serving.administrators.errand(header, query)
        if not await self._found(errand.team, errand.user):
            raise RefusedError(
                HTTPStatus.NOT_FOUND,
                f"There are no snapshots of {errand.user} in team {errand.team}.",
            )
        self.person = f"administrator {errand.by}"
        read = {each: quote_from_bytes(self._one(each)) for each in ("snapshot", "path")}
        endpoint = self.request.path.rpartition("/")[2]
        await self.serving.administrators.admit(errand, {"endpoint": endpoint, **read})

    async def _found(self, team: str, person: str) -> bool:
        found = await self._shelf_of(team, person)
        if found:
            self.shelf = found
        return found is not None

    async def _found_of_team(self, team: str) -> bool:
        """Find the repository of the team's folder, if what is asked for is in there."""
        place, path = self.serving.team_folder, self._one("path")
        if not place or (path != place and not path.startswith(place + b"/")):
            return False
        folder = await self._shelf_of(team, TEAM_FOLDER_OWNER)
        if folder:
            self.shelf = TeamShelf(folder, await self._shelf_of(team, self.person))
            self._is_of_team = True
        return self._is_of_team

    async def _shelf_of(self, team: str, owner: str) -> Shelf | None:
        record = await asyncio.to_thread(self.serving.records.find, team, owner)
        if self.serving.records.problem:
            raise store_away()
        return self.serving.shelves.of(record) if record else None

    async def look(
        self, call: Callable[_P, _Result], *arguments: _P.args, **named: _P.kwargs
    ) -> _Result:
        """Read of the store in a thread. Raises RefusedError."""
        async with self.serving.work.turn(self.person):
            self.shelf.pause.demand_over()
            return await _of_store(self._ask(call, *arguments, **named))

    async def _ask(
        self, call: Callable[_P, _Result], *arguments: _P.args, **named: _P.kwargs
    ) -> _Result:
        try:
            return await self.serving.work.look(call, *arguments, **named)
        except NoAnswerError:
            self.shelf.pause.begin()
            raise

    def path(self, *, needed: bool = True) -> bytes:
        """Return the path that is asked for, relative to what the shelf is of, as bytes."""
        path = self._one("path")
        parts = path.split(b"/") if path else []
        if any(each in (b"", b".", b"..") for each in parts) or b"\0" in path:
            raise wrong("path must be relative to the workspace, without . and .. in it.")
        if len(path) > _LONGEST_PATH or (needed and not path):
            raise wrong(f"path must have between 1 and {_LONGEST_PATH} bytes.")
        if not self._is_of_team:
            return path
        within = path.removeprefix(self.serving.team_folder).lstrip(b"/")
        if needed and not within:
            raise missing()
        return within

    def snapshot(self) -> str:
        """Return the id, or its beginning, that is asked for."""
        identifier = self._one("snapshot")
        if not _SNAPSHOT.fullmatch(identifier):
            raise wrong("snapshot must be the id of a snapshot, or its first 12 digits or more.")
        return identifier.decode()

    def _one(self, name: str) -> bytes:
        """Return the bytes of a field of the query, which may be of any encoding."""
        values = self.request.query_arguments.get(name, [])
        if len(values) > 1:
            raise wrong(f"{name} was given {len(values)} times. Give it once.")
        return values[0] if values else b""

    def answer(self, value: Mapping[str, object]) -> None:
        """Respond with an object."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps(value))

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401
        """Respond with JSON too."""
        error = kwargs["exc_info"][1] if "exc_info" in kwargs else None
        message = HTTPStatus(status_code).phrase
        if isinstance(error, RefusedError):
            message = error.message
        if status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            self.set_header("Retry-After", "5")
        self.answer({"status": status_code, "message": message})

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Log what is nobody's mistake, without the query: names of files are people's."""
        what, where = self.request.method, self.request.path
        if isinstance(value, HTTPError):
            _log.info("%s %s was refused with %d", what, where, value.status_code)
        elif isinstance(value, StreamClosedError):
            _log.info("%s %s: the client has left", what, where)
        elif isinstance(value, TimeoutError):
            _log.info("%s %s: it was taken too slowly", what, where)
        elif typ and value:
            _log.error("%s %s failed", what, where, exc_info=(typ, value, tb))


class VersionsHandler(FilesHandler):
    """GET api/versions?path=."""

    async def get(self) -> None:
        """List the versions of a file."""
        found, complete = await self.look(self.shelf.versions, self.path())
        self.answer({"versions": [answers.version(each) for each in found], "complete": complete})


class SnapshotsHandler(FilesHandler):
    """GET api/snapshots."""

    for_administrators = True

    async def get(self) -> None:
        """List the snapshots, newest first."""
        listing = await self.look(self.shelf.listing)
        self.answer({"snapshots": answers.snapshots(listing), "of_team": self._is_of_team})


class FolderHandler(FilesHandler):
    """GET api/folder?snapshot=&path=."""

    for_administrators = True

    async def get(self) -> None:
        """List what a folder had."""
        path = self.path(needed=False)
        entries = await self.look(self.shelf.folder, self.snapshot(), path)
        if entries is None:
            raise missing()
        shown = [answers.entry(each) for each in entries[:_MOST_ENTRIES]]
        self.answer({"entries": shown, "complete": len(entries) <= _MOST_ENTRIES})


class StreamHandler(FilesHandler):
    """Sends what restic gives of a file or a folder, as fast as it is taken."""

    for_administrators = True
    _reading: Reading | None = None

    async def send(
        self, begin: Callable[[], Reading], size: int, *, archived: bool = False
    ) -> None:
        """Send a file of so many bytes, or a folder of so many as tar, which is larger."""
        async with self.serving.work.download(self.person):
            reading = await self._in_thread(begin)
            self._reading = reading
            try:
                async with asyncio.timeout(_LONGEST_S + size / _SLOWEST):
                    await self._send(reading, None if archived else size)
                await self._in_thread(reading.close)
            except BaseException:
                reading.stop()
                await asyncio.shield(self.serving.work.in_thread(reading.abandon))
                raise
            finally:
                self._reading = None

    async def _send(self, reading: Reading, size: int | None) -> None:
        """Send so many bytes, or all that there are."""
        left = size
        while left != 0:
            part = await self._part(reading, _PART if left is None else min(left, _PART))
            if not part and left is None:  # closing it says whether that was all
                return
            if not part:  # restic failed, or was ended; the client sees that bytes are missing
                await self._in_thread(reading.close)
                raise store_away()
            left = None if left is None else left - len(part)
            self.write(part)
            async with asyncio.timeout(_STALLED_S):
                await self.flush()

    async def _part(self, reading: Reading, size: int) -> bytes:
        """Read a part; a store that gives nothing for long ends it."""
        waiting = asyncio.get_running_loop().call_later(_STALLED_S, reading.stop)
        try:
            return await self._in_thread(reading.read, size)
        finally:
            waiting.cancel()

    def on_connection_close(self) -> None:
        """End restic, also while nothing comes from it."""
        if self._reading:
            self._reading.stop()

    async def _in_thread(
        self, call: Callable[_P, _Result], *arguments: _P.args, **named: _P.kwargs
    ) -> _Result:
        return await _of_store(self.serving.work.in_thread(call, *arguments, **named))

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401
        """Respond as the others do: what was said of the file is no longer true."""
        self.clear_header("Content-Length")
        super().write_error(status_code, **kwargs)

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:  # noqa: ANN401
        """Cut the connection where a part was sent: it must not look like all of the file."""
        if self._headers_written and (connection := self.request.connection):
            connection.close()  # type: ignore[attr-defined]  # an HTTP1Connection
            return
        super().send_error(status_code, **kwargs)


class FileHandler(StreamHandler):
    """GET api/file?snapshot=&path=."""

    async def get(self) -> None:
        """Send what a file contained."""
        path = self.path()
        found = await self.look(self.shelf.file, self.snapshot(), path)
        if found is None:
            raise missing()
        snapshot, entry = found
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Length", str(entry.size))
        self.set_header("Last-Modified", entry.modified)
        if entry.size:
            await self.send(partial(self.shelf.open, snapshot, path), entry.size)


class ArchiveHandler(StreamHandler):
    """GET api/archive?snapshot=&path=."""

    async def get(self) -> None:
        """Send a folder as tar. Its headers say first what is in it, so that room can be made."""
        path = self.path(needed=False)
        found = await self.look(self.shelf.measured, self.snapshot(), path)
        if found is None:
            raise missing()
        snapshot, amount = found
        self.set_header("Content-Type", "application/x-tar")
        self.set_header(ENTRIES_HEADER, str(amount.entries))
        self.set_header(BYTES_HEADER, str(amount.size))
        await self.flush()
        begin = partial(self.shelf.open_archive, snapshot, path)
        await self.send(begin, amount.size, archived=True)


class AboutHandler(FilesHandler):
    """GET api/about?snapshot=."""

    for_administrators = True

    async def get(self) -> None:
        """Say what is not in a snapshot, and why."""
        said = await self.look(self.shelf.about, self.snapshot())
        if said is None:
            raise missing()
        self.answer(answers.about(said))


class NothingHere(RequestHandler):
    """Any other address."""

    def prepare(self) -> None:
        """Say so."""
        self.set_status(HTTPStatus.NOT_FOUND)
        self.finish({"status": HTTPStatus.NOT_FOUND, "message": "There is nothing here."})


async def _of_store(reading: Awaitable[_Result]) -> _Result:
    """Turn what the store cannot do into a refusal; the reason is for the log."""
    try:
        return await reading
    except FolderTooLargeError as error:
        raise too_large() from error
    except BackupError as error:
        _log.warning("the store cannot be read: %s", error)
        raise store_away() from error

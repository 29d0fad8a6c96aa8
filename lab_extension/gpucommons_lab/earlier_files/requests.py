"""What pages and VS Code ask of earlier files, as it comes in requests and goes back."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import unquote_to_bytes

from gpucommons_contract import EarlierFolder, EarlierSnapshots, EarlierVersions, SnapshotNotes
from gpucommons_contract.words import phrase
from gpucommons_contract.words.translation import in_language
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler

from gpucommons_lab.earlier_files.explaining import EXPLAINED, explanation
from gpucommons_lab.earlier_files.service import NoSuchVersionError, ServiceError
from gpucommons_lab.earlier_files.workspace import EarlierWorkspace, OutsideError

_log = logging.getLogger(__name__)
_Found = TypeVar("_Found")
_PART = 256 * 1024  # bytes
_LONGEST_WORDS = 60

Query = Mapping[str, Sequence[bytes]]
"""A request's arguments, as Tornado has them in ``query_arguments``."""


class EarlierRequests:
    """Answers requests; raises HTTPError with what a person reads, in the session's language."""

    def __init__(self, workspace: EarlierWorkspace | None, language: str) -> None:
        """Without ``workspace``, the installation has no earlier files, and each answer says so."""
        self._workspace, self._language = workspace, language

    async def answer(self, what: str, query: Query) -> str:
        """Return the JSON of one of LISTS."""
        workspace = self._there()

        def look() -> EarlierVersions | EarlierSnapshots | EarlierFolder | SnapshotNotes:
            match what:
                case "versions":
                    return workspace.versions(_path(query))
                case "folder":
                    return workspace.folder(_snapshot(query), _path(query))
                case "notes":
                    return workspace.notes(_snapshot(query), _path(query))
                case "deleted":
                    return workspace.deleted(_path(query))
            return workspace.snapshots(_path(query))

        return (await self._done(look)).to_json()

    async def wish(self, *, anew: bool) -> str:
        """Return a `SnapshotWish` as JSON, after asking for a snapshot if that is wanted."""
        workspace = self._there()
        return (await self._done(lambda: workspace.wish(anew=anew))).to_json()

    async def now(self, query: Query) -> bytes:
        """Return what a file contains now, to compare it with."""
        workspace = self._there()
        return await self._done(lambda: workspace.now(_path(query)))

    async def put_back(self, body: bytes) -> str:
        """Write a version back, as a request's body says; return a `PutBack` as JSON."""
        workspace = self._there()
        snapshot, path, beside = _wish(body)
        done = await self._done(lambda: workspace.put_back(snapshot, path, beside))
        _log.info("%s is as in snapshot %s; kept of before: %s", done.path, snapshot, done.kept)
        return done.to_json()

    async def send_file(self, query: Query, handler: RequestHandler) -> None:
        """Send what a file contained, as fast as it is taken."""
        workspace = self._there()
        with ExitStack() as stack:
            opened = workspace.file
            size, body = await self._done(
                lambda: stack.enter_context(opened(_snapshot(query), _path(query)))
            )
            handler.set_header("Content-Type", "application/octet-stream")
            handler.set_header("Content-Length", str(size))
            left = size
            while left:
                part = await self._done(partial(body.read, min(left, _PART)))
                if not part:  # the client sees that bytes are missing
                    raise self._refusal(ServiceError("the file broke off"))
                left -= len(part)
                handler.write(part)
                try:
                    await handler.flush()
                except StreamClosedError:
                    return  # whoever asked has left

    def _there(self) -> EarlierWorkspace:
        if self._workspace is None:
            text = phrase(
                "There are no earlier versions here: your installation offers no snapshots of "
                "home folders. Ask your administrators."
            )
            raise HTTPError(HTTPStatus.NOT_IMPLEMENTED, in_language(text, self._language))
        return self._workspace

    async def _done(self, act: Callable[[], _Found]) -> _Found:
        try:
            return await asyncio.to_thread(act)
        except (OutsideError, *EXPLAINED) as error:
            raise self._refusal(error) from error

    def _refusal(self, error: Exception) -> HTTPError:
        if isinstance(error, OutsideError):
            status, text = (
                HTTPStatus.BAD_REQUEST,
                phrase("Only what is in your home folder has earlier versions."),
            )
        else:
            status, text = explanation(error)
        if not isinstance(error, OutsideError | NoSuchVersionError):
            _log.warning("Earlier files: %r", error)
        return HTTPError(status, in_language(text, self._language))


LISTS = ("versions", "snapshots", "folder", "deleted", "notes")
"""What can be asked for, as the last part of the address."""


def _path(query: Query) -> bytes:
    return query.get("path", [b""])[-1]


def _snapshot(query: Query) -> str:
    said = query.get("snapshot", [b""])[-1].decode(errors="replace")
    if not said:
        raise HTTPError(HTTPStatus.BAD_REQUEST, "snapshot is missing")
    return said


def _wish(body: bytes) -> tuple[str, bytes, str | None]:
    """Read which version is wanted, and by which words it is named if it is to stand beside."""
    try:
        said = json.loads(body)
        snapshot, path, beside = said["snapshot"], said["path"], said["beside"]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise HTTPError(
            HTTPStatus.BAD_REQUEST, "The body must be an object with snapshot, path and beside."
        ) from None
    if not isinstance(snapshot, str) or not isinstance(path, str) or not path:
        raise HTTPError(HTTPStatus.BAD_REQUEST, "snapshot and path must be strings.")
    if beside is not None and not is_of_a_name(beside):
        raise HTTPError(
            HTTPStatus.BAD_REQUEST,
            f"beside must be null, or up to {_LONGEST_WORDS} characters without a slash.",
        )
    return snapshot, unquote_to_bytes(path), beside


def is_of_a_name(said: object) -> bool:
    """Whether words can be a part of a name."""
    return (
        isinstance(said, str)
        and 0 < len(said) <= _LONGEST_WORDS
        and said.isprintable()
        and "/" not in said
    )

"""JupyterLab's checkpoints of a file, and its versions in snapshots of the workspace before them.

JupyterLab takes the last of the list for the newest, and shows it in the reverse order. It asks for
the list whenever a document is opened or saved, so answers are remembered for a minute.
"""

import asyncio
import logging
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

from gpucommons_contract.words import ENGLISH
from gpucommons_contract.words.translation import in_language
from jupyter_server.services.contents.filecheckpoints import AsyncFileCheckpoints
from jupyter_server.services.contents.manager import ContentsManager
from tornado.web import HTTPError

from gpucommons_lab.earlier_files.explaining import EXPLAINED, explanation
from gpucommons_lab.earlier_files.putting_back import put_back, workspace_path
from gpucommons_lab.earlier_files.service import FilesService, ServiceError, Version

_log = logging.getLogger(__name__)
_OF_SNAPSHOT = "snapshot-"
_DIGITS = 12
"""Of a snapshot's id, in that of a checkpoint."""
_PATIENCE_S = 4.0
_REMEMBERED_S = 60.0
_PAUSE_S = 30.0
"""Before a service that did not answer is asked again."""
_MOST_REMEMBERED = 200

Checkpoint = dict[str, object]
"""``id`` and ``last_modified``, as in Jupyter's API."""


class EarlierFiles:
    """Versions of files, asked for once in a while."""

    def __init__(self, service: FilesService, clock: Callable[[], float] = time.monotonic) -> None:
        """clock: gives seconds."""
        self.service = service
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[float, asyncio.Task[list[Version]]]] = OrderedDict()
        self._not_before = float("-inf")
        self._failed = False

    async def versions(self, path: bytes) -> list[Version]:
        """Return what is known within a few seconds, newest first; none if nothing is."""
        until, asking = self._known.get(path, (float("-inf"), None))
        if asking is None or (asking.done() and self._clock() >= until):
            if self._clock() < self._not_before:
                return []
            asking = asyncio.create_task(self._ask(path))
            self._known[path] = (self._clock() + _REMEMBERED_S, asking)
            self._known.move_to_end(path)
            while len(self._known) > _MOST_REMEMBERED:
                self._known.popitem(last=False)
        await asyncio.wait({asking}, timeout=_PATIENCE_S)
        return asking.result() if asking.done() else []

    async def _ask(self, path: bytes) -> list[Version]:
        try:
            found = await asyncio.to_thread(self.service.versions, path)
        except ServiceError as error:
            self._not_before = self._clock() + _PAUSE_S
            self._known.pop(path, None)
            if not self._failed:
                _log.warning("Earlier files are not listed, the service is away: %s", error)
            self._failed = True
            return []
        self._failed = False
        return found


class CheckpointsWithSnapshots(AsyncFileCheckpoints):
    """The usual checkpoints beside the file, and the versions from the service."""

    earlier: EarlierFiles
    language: str = ENGLISH
    """In which its errors are."""

    async def list_checkpoints(self, path: str) -> list[Checkpoint]:
        """List the versions, oldest first, and then the usual checkpoint. The API's order."""
        usual = await self._usual(path)
        try:
            place = self._place(path)
            found = await self.earlier.versions(place[1]) if place else []
        except Exception:  # the usual checkpoint is there in any case
            self.log.exception("Earlier versions cannot be listed")
            found = []
        if found and not usual:
            # JupyterLab makes one of a document that it opens where the list is empty.
            usual = await self._first(path)
        return [*map(_checkpoint, reversed(found)), *usual]

    async def restore_checkpoint(
        self, contents_mgr: ContentsManager, checkpoint_id: str, path: str
    ) -> None:
        """Put a version into the file's place; what was there stays in a file beside it."""
        if not checkpoint_id.startswith(_OF_SNAPSHOT):
            await super().restore_checkpoint(contents_mgr, checkpoint_id, path)  # type: ignore[no-untyped-call]
            return
        place = self._place(path)
        if place is None:
            self.no_such_checkpoint(path, checkpoint_id)  # type: ignore[no-untyped-call]
            return
        with self.perm_to_403(path):
            try:
                before = await asyncio.to_thread(
                    self._restore, checkpoint_id.removeprefix(_OF_SNAPSHOT), *place
                )
            except PermissionError:
                raise
            except EXPLAINED as error:
                status, text = explanation(error)
                self.log.warning("%s was not reverted: %r", path, error)
                raise HTTPError(status.value, in_language(text, self.language)) from error
        kept = os.fsdecode(before) if before else "nothing: it was the same, or not there"
        self.log.info("%s is as in %s; kept of before: %s", path, checkpoint_id, kept)

    async def delete_checkpoint(self, checkpoint_id: str, path: str) -> None:
        """Delete the usual one. A snapshot stays."""
        if checkpoint_id.startswith(_OF_SNAPSHOT):
            raise HTTPError(HTTPStatus.FORBIDDEN, "Snapshots cannot be deleted from a session.")
        await super().delete_checkpoint(checkpoint_id, path)  # type: ignore[no-untyped-call]

    async def rename_all_checkpoints(self, old_path: str, new_path: str) -> None:
        """Rename the usual one with its file. In snapshots, the file keeps its old name."""
        for each in await self._usual(old_path):
            await self.rename_checkpoint(each["id"], old_path, new_path)  # type: ignore[no-untyped-call]

    async def delete_all_checkpoints(self, path: str) -> None:
        """Delete the usual one with its file."""
        for each in await self._usual(path):
            await self.delete_checkpoint(str(each["id"]), path)

    async def _usual(self, path: str) -> list[Checkpoint]:
        found: list[Checkpoint] = await super().list_checkpoints(path)  # type: ignore[no-untyped-call]
        return found

    async def _first(self, path: str) -> list[Checkpoint]:
        try:
            return [await self.create_checkpoint(self.parent, path)]  # type: ignore[no-untyped-call]
        except (OSError, HTTPError) as error:  # such as in a full home
            self.log.info("No checkpoint was made of %s: %s", path, error)
            return []

    def _place(self, path: str) -> tuple[bytes, bytes] | None:
        file = Path(self._get_os_path(path.strip("/")))  # type: ignore[no-untyped-call]
        return workspace_path(file, Path.home())

    def _restore(self, snapshot: str, file: bytes, path: bytes) -> bytes | None:
        with self.earlier.service.file(snapshot, path) as (size, body):
            return put_back(file, size, body)


def offer_earlier_files(
    contents: ContentsManager, service: FilesService, language: str = ENGLISH
) -> bool:
    """List versions with the checkpoints, where nobody chose other ones.

    Returns whether it does. Other checkpoints may be somebody's setting or those of another
    contents manager.
    """
    sections = [each.__name__ for each in type(contents).__mro__]
    names = ("checkpoints_class", "checkpoints")
    if any(name in contents.config.get(each, {}) for each in sections for name in names):
        return False
    if type(contents.checkpoints) is not AsyncFileCheckpoints:
        return False
    checkpoints = CheckpointsWithSnapshots(**contents.checkpoints_kwargs)
    checkpoints.earlier = EarlierFiles(service)
    checkpoints.language = language
    contents.checkpoints = checkpoints
    return True


def _checkpoint(version: Version) -> Checkpoint:
    return {"id": f"{_OF_SNAPSHOT}{version.snapshot[:_DIGITS]}", "last_modified": version.time}

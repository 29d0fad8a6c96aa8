"""The session's endpoints for what takes the room in the home folder, and for its trash."""

import asyncio
import json
from dataclasses import asdict

from gpucommons_contract.words import phrase
from gpucommons_contract.words.translation import in_language
from jupyter_server.auth.decorator import authorized
from tornado.web import HTTPError, authenticated

from gpucommons_lab.storage.home_space import HomeSpace
from gpucommons_lab.storage.trashed import NotInTrashError, Trashed
from gpucommons_lab.web.api import SessionAPIHandler

_RECENT = 600.0
"""Seconds within which what was counted is good enough for somebody who looks."""


class FoldersHandler(SessionAPIHandler):
    """What takes the room in the home folder. Looking is not activity."""

    def initialize(self, space: HomeSpace) -> None:
        """Take what counts it."""
        self._space = space

    @authenticated
    @authorized
    async def get(self) -> None:
        """Answer with a `FolderSizes` of the last ten minutes."""
        await self._tell(_RECENT)

    @authenticated
    @authorized
    async def post(self) -> None:
        """Answer with a `FolderSizes` that is counted now."""
        await self._tell(0.0)

    async def _tell(self, oldest: float) -> None:
        try:
            found = await asyncio.to_thread(self._space.counted, oldest)
        except OSError as error:
            raise HTTPError(500, f"The home folder cannot be counted: {error}") from error
        await self.answer(found.to_json())


class TrashHandler(SessionAPIHandler):
    """The trash of the home folder."""

    def initialize(self, space: HomeSpace) -> None:
        """Take what empties it."""
        self._space = space

    @authenticated
    @authorized
    async def delete(self) -> None:
        """Empty it, and answer with a `TrashEmptied` once that is done."""
        emptied = await asyncio.to_thread(self._space.empty_trash)
        await self.answer(emptied.to_json())


class TrashedHandler(SessionAPIHandler):
    """What is in the trash."""

    def initialize(self, trashed: Trashed, space: HomeSpace, language: str) -> None:
        """``language`` is the one in which the person reads messages."""
        self._trashed, self._space, self._language = trashed, space, language

    @authenticated
    @authorized
    async def get(self) -> None:
        """Answer with a list of `TrashedEntry`."""
        found = await asyncio.to_thread(self._trashed.listed)
        await self.answer(json.dumps([asdict(each) for each in found]))

    @authenticated
    @authorized
    async def post(self) -> None:
        """Put one back, and answer with its path."""
        try:
            identifier = str(json.loads(self.request.body)["id"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise HTTPError(400, 'Send {"id": of what is in the trash}.') from None
        try:
            path = await asyncio.to_thread(self._trashed.put_back, identifier)
        except NotInTrashError:
            raise self._refusal(404, phrase("It is not in the trash any more.")) from None
        except OSError as error:
            text = phrase(
                "It could not be written: %(reason)s. Nothing was changed.",
                reason=error.strerror or str(error),
            )
            raise self._refusal(500, text) from error
        self._space.heed_trash()
        await self.answer(json.dumps({"path": path}))

    def _refusal(self, status: int, text: str) -> HTTPError:
        return HTTPError(status, in_language(text, self._language))

"""The session's endpoints for earlier files. Looking is not activity."""

import json
from dataclasses import asdict
from urllib.parse import unquote_to_bytes

from gpucommons_contract import PuttingBack
from gpucommons_contract.words.translation import in_language
from jupyter_server.auth.decorator import authorized
from tornado.web import HTTPError, authenticated

from gpucommons_lab.earlier_files.requests import EarlierRequests, is_of_a_name
from gpucommons_lab.earlier_files.restores import Restores, Wanted
from gpucommons_lab.web.api import SessionAPIHandler


class _EarlierHandler(SessionAPIHandler):
    def initialize(self, earlier: EarlierRequests) -> None:
        self._earlier = earlier


class EarlierListHandler(_EarlierHandler):
    """What there is: versions of a file, snapshots, a folder, what was deleted."""

    @authenticated
    @authorized
    async def get(self, what: str) -> None:
        """Answer with what the last part of the address names."""
        await self.answer(await self._earlier.answer(what, self.request.query_arguments))


class EarlierFileHandler(_EarlierHandler):
    """What a file contained."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Send it."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Disposition", "attachment")
        await self._earlier.send_file(self.request.query_arguments, self)
        await self.finish()


class FileNowHandler(_EarlierHandler):
    """What a file contains now."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Send it, or the beginning of a large one."""
        content = await self._earlier.now(self.request.query_arguments)
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Disposition", "attachment")
        self.set_header("Cache-Control", "no-store")
        await self.finish(content)


class WishHandler(_EarlierHandler):
    """Asks for a snapshot now."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Answer with what became of the last one that was asked for."""
        await self.answer(await self._earlier.wish(anew=False))

    @authenticated
    @authorized
    async def post(self) -> None:
        """Ask, and answer likewise."""
        await self.answer(await self._earlier.wish(anew=True))


class PutBackHandler(_EarlierHandler):
    """Writes a version into the home folder."""

    @authenticated
    @authorized
    async def post(self) -> None:
        """Answer with a `PutBack` once that is done."""
        await self.answer(await self._earlier.put_back(self.request.body))


class RestoresHandler(SessionAPIHandler):
    """Puts files and folders back, says how far each is, and ends one."""

    def initialize(self, restores: Restores, language: str) -> None:
        """``language`` is that of the person."""
        self._restores, self._language = restores, language

    @authenticated
    @authorized
    async def get(self) -> None:
        """Answer with a list of `PuttingBack`, the latest first."""
        await self.answer(json.dumps([self._written(each) for each in self._restores.all()]))

    @authenticated
    @authorized
    async def post(self) -> None:
        """Begin, and answer with a `PuttingBack`."""
        begun = self._restores.begin(_wanted(self.request.body))
        await self.answer(json.dumps(self._written(begun)))

    @authenticated
    @authorized
    async def delete(self) -> None:
        """End it. What it has written goes away in a moment."""
        self._restores.cancel(self.get_query_argument("id"))
        await self.done()

    def _written(self, each: PuttingBack) -> dict[str, object]:
        message = in_language(each.message, self._language) if each.message else None
        return asdict(each) | {"message": message}


def _wanted(body: bytes) -> Wanted:
    """Read what is asked for. Raises HTTPError."""
    try:
        said = json.loads(body)
        path, words, kind = unquote_to_bytes(said["path"]), said["words"], said["kind"]
        parts = path.split(b"/") if path else []
        is_inside = not any(each in (b"", b".", b"..") for each in parts) and b"\0" not in path
        is_something = bool(path) or kind == "dir"
        if not (is_inside and is_something and is_of_a_name(words) and kind in ("file", "dir")):
            raise ValueError
        return Wanted(str(said["snapshot"]), path, kind == "dir", said["in_place"] is True, words)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise HTTPError(
            400,
            'Send {"snapshot": id, "path": in the home folder, percent-encoded, "kind": "file" or '
            '"dir", "words": for its name, "in_place": true or false}.',
        ) from None

"""Where pages announce their own saves, and keep what cannot go into its file."""

import json
from dataclasses import asdict
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado.web import HTTPError, authenticated

from gpucommons_lab.documents.editing import Editing
from gpucommons_lab.documents.unsaved_copies import Copy, UnsavedCopies
from gpucommons_lab.web.api import SessionAPIHandler

_COPY_SHAPE = (
    'Send {"path": of the document, "type": ..., "format": ..., "content": ..., '
    '"before": {"path": ..., "hash": ...} or null}.'
)


class OwnSaveHandler(SessionAPIHandler):
    """Takes announcements of saves that are not made by a person."""

    def initialize(self, editing: Editing) -> None:
        """Take what judges saves."""
        self._editing = editing

    @authenticated
    @authorized
    async def post(self) -> None:
        """Count the next save of the document ``path`` as the page's own."""
        self._editing.announce(str(_read(self.request.body, 'Send {"path": ...}.', "path")["path"]))
        await self.done()


class UnsavedCopyHandler(SessionAPIHandler):
    """Keeps what was typed next to a file that has changed since."""

    def initialize(self, copies: UnsavedCopies) -> None:
        """Take the server's only ones."""
        self._copies = copies

    @authenticated
    @authorized
    async def post(self) -> None:
        """Reply with the path of the copy, and its hash."""
        said = _read(self.request.body, _COPY_SHAPE, "path", "type", "format", "content")
        model = {name: said[name] for name in ("type", "format", "content")}
        copy = await self._copies.write(str(said["path"]), model, _before(said.get("before")))
        await self.answer(json.dumps(asdict(copy)))


def _before(said: object) -> Copy | None:
    if not isinstance(said, dict):
        return None
    return Copy(str(said.get("path")), str(said.get("hash") or ""))


def _read(body: bytes, shape: str, *names: str) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPError(400, f"The body is not JSON. {shape}") from None
    if not isinstance(said, dict) or not all(name in said for name in names):
        raise HTTPError(400, f"A field is missing. {shape}")
    return said

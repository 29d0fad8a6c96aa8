"""When the person last changed a document, from Jupyter Server's events about files.

A page saves by itself while a cell prints: a notebook that differs from what was saved before only
in its outputs was not edited. A page also saves when the session is about to end, and announces
that: what it saves then was typed earlier.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

CONTENTS_EVENTS = "https://events.jupyter.org/jupyter_server/contents_service/v1"
"""Id of the events' schema; the file jupyter_server/event_schemas/contents_service/v1.yaml."""
_READ = "get"
"""The only action that changes nothing. Creating and uploading are reported as ``save``."""
_MOST_DOCUMENTS = 256
"""Documents whose digest is remembered; those saved longest ago are dropped."""
_ANNOUNCED = 60.0
"""Seconds within which a page makes the save that it announced."""

_by_the_person: ContextVar[bool] = ContextVar("by_the_person", default=True)


@contextmanager
def not_by_the_person() -> Iterator[None]:
    """Mark what is done to documents inside as not done by the person."""
    before = _by_the_person.set(False)
    try:
        yield
    finally:
        _by_the_person.reset(before)


def by_the_person() -> bool:
    """Whether what is done here is done by the person, as far as is known."""
    return _by_the_person.get()


class Editing:
    """Takes every change of a document. All calls come from the server's event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` is monotonic, in seconds."""
        self._clock = clock
        self._last: float | None = None
        self._texts: dict[str, int] = {}
        self._same: set[str] = set()  # documents that were saved with the text they had
        self._announced: dict[str, float] = {}

    @property
    def age(self) -> float | None:
        """Seconds since the last change; None if there was none."""
        return None if self._last is None else self._clock() - self._last

    def announce(self, path: str) -> None:
        """A page is about to save this document by itself."""
        now = self._clock()
        self._announced = {p: until for p, until in self._announced.items() if until > now}
        self._announced[path.strip("/")] = now + _ANNOUNCED

    def before_save(self, model: Mapping[str, Any], path: str, **_: object) -> None:
        """Compare a document with what was saved before; a pre-save hook of a contents manager."""
        if not _by_the_person.get():
            return  # what we write into a document is not its text
        path = path.strip("/")
        before, now = self._texts.pop(path, None), _digest(model)
        self._same.discard(path)
        if now is None:
            return
        self._texts[path] = now
        if before == now:
            self._same.add(path)
        while len(self._texts) > _MOST_DOCUMENTS:
            oldest = next(iter(self._texts))
            del self._texts[oldest]
            self._same.discard(oldest)

    async def hear(self, *, data: Mapping[str, Any], **_: object) -> None:
        """Take an event; a listener of an event logger.

        It runs in a context copied from the one that emitted the event.
        """
        action, path = data["action"], str(data["path"]).strip("/")
        if action == _READ or not _by_the_person.get():
            return
        now = self._clock()
        if action == "save" and (path in self._same or self._announced.pop(path, now) > now):
            return
        self._last = now


def _digest(model: Mapping[str, Any]) -> int | None:
    """Digest what a person types in a document; None for parts of uploads, and for folders."""
    content = model.get("content")
    if "chunk" in model:
        return None
    if isinstance(content, str):
        return hash(content)
    if model.get("type") == "notebook" and isinstance(content, Mapping):
        return hash(tuple(_typed(cell) for cell in content.get("cells", ())))
    return None


def _typed(cell: Mapping[str, Any]) -> tuple[str, str]:
    source = cell.get("source", "")
    return str(cell.get("cell_type")), source if isinstance(source, str) else "".join(source)

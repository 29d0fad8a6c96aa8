"""When the person last did something to a document, from what Jupyter Server tells of files.

A page saves by itself while a cell prints: a notebook that differs from what was saved before
in its outputs alone was not edited.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

CONTENTS_EVENTS = "https://events.jupyter.org/jupyter_server/contents_service/v1"
"""Id of the events' schema; the file jupyter_server/event_schemas/contents_service/v1.yaml."""
_READ = "get"
"""The only action that changes nothing. Creating and uploading are told as ``save``."""
_MOST_NOTEBOOKS = 256
"""Notebooks whose sources are remembered, a digest each; those saved longest ago go then."""

_by_the_person: ContextVar[bool] = ContextVar("by_the_person", default=True)


@contextmanager
def not_by_the_person() -> Iterator[None]:
    """Do something to documents within that is not the person's doing."""
    before = _by_the_person.set(False)
    try:
        yield
    finally:
        _by_the_person.reset(before)


class Editing:
    """Hears of each change of a document. All calls come from the server's event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives seconds that never go back."""
        self._clock = clock
        self._last: float | None = None
        self._sources: dict[str, bytes] = {}
        self._same: set[str] = set()  # notebooks that were saved with the sources they had

    @property
    def age(self) -> float | None:
        """Seconds since the last change; None if there was none."""
        return None if self._last is None else self._clock() - self._last

    def before_save(self, model: Mapping[str, Any], path: str, **_: object) -> None:
        """Compare a notebook with what was saved before; a pre-save hook of a contents manager."""
        content = model.get("content")
        if model.get("type") != "notebook" or not isinstance(content, Mapping):
            return
        before, now = self._sources.pop(path, None), _digest(content)
        self._sources[path] = now
        if before == now:
            self._same.add(path)
        else:
            self._same.discard(path)
        while len(self._sources) > _MOST_NOTEBOOKS:
            oldest = next(iter(self._sources))
            del self._sources[oldest]
            self._same.discard(oldest)

    async def hear(self, *, data: Mapping[str, Any], **_: object) -> None:
        """Take an event; a listener of an event logger.

        It runs in a context copied from who emitted the event.
        """
        action, path = data["action"], str(data["path"]).strip("/")
        only_outputs = action == "save" and path in self._same
        if action != _READ and not only_outputs and _by_the_person.get():
            self._last = self._clock()


def _digest(notebook: Mapping[str, Any]) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for cell in notebook.get("cells", ()):
        source = cell.get("source", "")
        text = source if isinstance(source, str) else "".join(source)
        digest.update(f"{cell.get('cell_type')} {len(text)} {text}".encode(errors="replace"))
    return digest.digest()

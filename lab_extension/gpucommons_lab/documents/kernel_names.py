"""What people call kernels: by the notebook or console that uses them."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import TimeoutError as TooLateError
from pathlib import PurePosixPath
from typing import Any

from jupyter_core.utils import ensure_async

log = logging.getLogger(__name__)

_NOTEBOOK = "notebook"
_PATIENCE = 1.0
"""Seconds that another thread waits for a busy loop."""


def names_of(sessions: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Name kernels by what uses them: by a notebook, even where a console does too.

    ``sessions`` is what Jupyter Server's session manager lists.
    """
    by_kernel: dict[str, str] = {}
    for session in sorted(sessions, key=lambda each: each["type"] == _NOTEBOOK):
        # A console's path ends with a meaningless number; it has a name instead.
        own = "" if session["type"] == _NOTEBOOK else session.get("name")
        by_kernel[session["kernel"]["id"]] = own or PurePosixPath(session["path"]).name
    return by_kernel


class KernelNames:
    """Asks Jupyter Server's session manager, which belongs to the event loop."""

    def __init__(self, sessions: Any) -> None:  # noqa: ANN401 -- Jupyter Server has no types
        """``sessions`` is the server's session manager."""
        self._sessions = sessions
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Take the running event loop as the one that the manager belongs to."""
        self._loop = asyncio.get_running_loop()

    def by_id(self) -> Mapping[str, str]:
        """Ask from another thread; empty where nobody answers in time."""
        if self._loop is None or self._loop.is_closed():
            return {}
        answer = asyncio.run_coroutine_threadsafe(self._ask(), self._loop)
        try:
            return answer.result(_PATIENCE)
        except TooLateError:
            answer.cancel()
        except Exception:  # the notice is shown without names
            log.exception("The names of kernels cannot be read")
        return {}

    async def _ask(self) -> dict[str, str]:
        return names_of(await ensure_async(self._sessions.list_sessions()))

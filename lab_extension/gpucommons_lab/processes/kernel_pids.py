"""The kernels and terminals of this server, by the PID of the process that each began with.

Jupyter Server's managers belong to the event loop: they are read only there, and the result is
handed to the thread that asks.
"""

import asyncio
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLateError
from dataclasses import dataclass
from typing import Any

from gpucommons_contract import HolderKind

_PATIENCE = 0.2
"""Seconds that another thread waits for a busy loop before it uses what was known."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A kernel or a terminal. ``id`` is the kernel's id or the terminal's name."""

    kind: HolderKind
    id: str


class KernelPIDs:
    """Knows which processes this server's kernels and terminals began with."""

    def __init__(self, kernels: Any, settings: Mapping[str, Any]) -> None:  # noqa: ANN401 -- Jupyter Server has no types
        """``kernels`` is the kernel manager; ``settings`` may contain one for terminals."""
        self._kernels = kernels
        self._settings = settings
        self._loop: asyncio.AbstractEventLoop | None = None
        self._known: Mapping[int, Origin] = {}

    def start(self) -> None:
        """Take the running event loop as the one that the managers belong to."""
        self._loop = asyncio.get_running_loop()

    def by_pid(self) -> Mapping[int, Origin]:
        """Ask the event loop, from another thread."""
        if self._loop is None:
            return self._known
        answer: Future[Mapping[int, Origin]] = Future()
        try:
            self._loop.call_soon_threadsafe(self._answer, answer)
            self._known = answer.result(_PATIENCE)
        except (RuntimeError, TooLateError):  # the loop is closed, or busy
            answer.cancel()
        return self._known

    def _answer(self, answer: "Future[Mapping[int, Origin]]") -> None:
        if answer.set_running_or_notify_cancel():
            try:
                answer.set_result(dict(self._read()))
            except Exception as error:
                answer.set_exception(error)

    def _read(self) -> Iterator[tuple[int, Origin]]:
        for kernel in self._kernels.list_kernel_ids():
            # A kernel that starts, or that runs on another machine, has no process here.
            provisioner = getattr(self._kernels.get_kernel(kernel), "provisioner", None)
            if pid := getattr(provisioner, "pid", None):
                yield pid, Origin(HolderKind.KERNEL, kernel)
        manager = self._settings.get("terminal_manager")
        for name, terminal in getattr(manager, "terminals", {}).items():
            yield terminal.ptyproc.pid, Origin(HolderKind.TERMINAL, name)

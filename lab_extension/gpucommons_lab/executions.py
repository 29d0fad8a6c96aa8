"""Which cells run, or ran until just now, and what came out of them."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gpucommons_lab.cell_outputs import CellOutputs

_REMEMBERED = 90.0
"""Seconds that a cell is remembered after its end while its page is there: three autosaves."""


@dataclass(eq=False, slots=True)
class Execution:
    """One cell on its way. ``page`` is the kernel client that asked for it."""

    cell_id: str
    page: str
    code: str
    outputs: CellOutputs = field(default_factory=CellOutputs)
    count: int | None = None
    ended: float | None = None
    unwritten: bool = True
    adopted: bool = False  # by a page that did not ask for it


class Executions:
    """The executions of one kernel, by the id of the message that asked for them."""

    def __init__(self) -> None:
        self._known: dict[str, Execution] = {}

    def __iter__(self) -> Iterator[Execution]:
        return iter(list(self._known.values()))

    def ask(self, message_id: str, execution: Execution) -> None:
        """A page asked for a cell. An earlier run of that cell matters no more."""
        for known, each in list(self._known.items()):
            if each.cell_id == execution.cell_id:
                del self._known[known]
        self._known[message_id] = execution

    def hear(self, parent: str, kind: str, content: Mapping[str, Any]) -> None:
        """Take what a kernel published about the request ``parent``."""
        execution = self._known.get(parent)
        if execution is None:
            return
        if kind == "execute_input":
            execution.count = content["execution_count"]
        elif kind == "status" and content["execution_state"] == "idle":
            execution.ended = time.time()
        elif not execution.outputs.add(kind, content):
            return
        execution.unwritten = True

    def forget(self, *, saved: float | None = None) -> None:
        """Forget what ended long ago or, with ``saved``, before a page saved (Unix time)."""
        limit = time.time() - _REMEMBERED if saved is None else saved
        for known, each in list(self._known.items()):
            if each.ended is not None and each.ended < limit:
                del self._known[known]

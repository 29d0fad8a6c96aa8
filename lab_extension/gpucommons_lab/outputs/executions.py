"""Which cells run, or have just ended, and their output."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gpucommons_lab.outputs.cell_outputs import DISPLAYED, CellOutputs, Seen

_MOST_CHARACTERS = 100_000_000
"""Of output of one kernel's cells; beyond it, ended runs that others have are forgotten."""
_MOST_RUNS = 1000
"""Runs of one kernel's cells, likewise. A console never runs the same cell twice."""


@dataclass(eq=False, slots=True)
class Execution:
    """One run of a cell, by the id of the message that asked for it.

    ``page`` is the kernel client that has the cell: the one that asked, or shows it now.
    ``cell_id`` is what that page calls the cell.
    """

    id: str
    cell_id: str
    page: str
    code: str
    outputs: CellOutputs = field(default_factory=CellOutputs)
    count: int | None = None
    ended: bool = False
    unwritten: bool = True
    adopted: bool = False  # by a page that did not ask for it
    was_cut: bool = False  # its page's connection, with what was under way then
    captured: bool = False  # by a widget in the page, at least some of it
    maybe: tuple[str, ...] = ()
    """The notebooks that its page may show, where it has not reported which."""

    def has_all(self, seen: Seen | None) -> bool:
        """Whether its page shows all that came of it, from what it has seen here."""
        return not self.is_doubtful or self.outputs.are(seen)

    @property
    def is_doubtful(self) -> bool:
        """Whether its page may lack some output. What a widget captured is not known here."""
        return self.was_cut and not self.captured


class Executions:
    """The executions of one kernel."""

    def __init__(self) -> None:
        self._known: dict[str, Execution] = {}

    def __iter__(self) -> Iterator[Execution]:
        return iter(list(self._known.values()))

    def __contains__(self, message_id: object) -> bool:
        return message_id in self._known

    def ask(self, execution: Execution) -> None:
        """A page asked to run a cell."""
        self._known[execution.id] = execution

    def hear(self, parent: str, kind: str, content: Mapping[str, Any]) -> None:
        """Take a kernel's message about the request ``parent``."""
        execution = self._known.get(parent)
        if execution is None:
            return
        if kind in DISPLAYED:
            self._update(content, but=execution)
        if kind == "execute_input":
            execution.count = content["execution_count"]
        elif kind == "status":
            # It may also begin after an end: a request can outlive the process it was sent to.
            execution.ended = content["execution_state"] == "idle"
        elif kind == "comm_msg" and _captures(content.get("data")):
            execution.captured = True
        elif not execution.outputs.add(kind, content):
            return
        execution.unwritten = True

    def _update(self, content: Mapping[str, Any], but: Execution) -> None:
        """Change what other runs display under the same id, as JupyterLab does."""
        for each in self:
            if each is not but and each.outputs.update(content):
                each.unwritten = True

    def end(self) -> None:
        """The kernel's process was replaced or is gone: nothing that it ran goes on."""
        for each in self:
            if not each.ended:
                each.ended = each.unwritten = True

    def forget(self, which: Callable[[Execution], bool]) -> None:
        """Forget those for which this holds."""
        self._known = {name: each for name, each in self._known.items() if not which(each)}

    def drop(self, execution: Execution) -> None:
        """Forget this one."""
        self._known.pop(execution.id, None)

    def forget_much(self, has: Callable[[Execution], bool]) -> None:
        """Where there is too much, forget ended runs that a page ``has`` or the file."""
        size = sum(each.outputs.size for each in self)
        if size > _MOST_CHARACTERS or len(self._known) > _MOST_RUNS:
            self.forget(lambda each: each.ended and (has(each) or not each.unwritten))


def _captures(data: object) -> bool:
    """Whether the page puts what a request brings into an Output widget of ipywidgets.

    Other programs send whatever they like.
    """
    state = data.get("state") if isinstance(data, Mapping) else None
    return isinstance(state, Mapping) and "msg_id" in state

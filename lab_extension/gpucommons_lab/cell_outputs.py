"""The outputs of one cell, put together from a kernel's messages as JupyterLab does it."""

import copy
from collections.abc import Mapping
from typing import Any

_DISPLAYED = frozenset({"display_data", "execute_result"})
_LONGEST_STREAM = 5_000_000
"""Characters that are kept of one stream: the last ones."""


class CellOutputs:
    """Takes messages of Jupyter's messaging protocol, gives outputs of notebook format 4.

    https://jupyter-client.readthedocs.io/en/stable/messaging.html#messages-on-the-iopub-pub-sub-channel
    """

    def __init__(self) -> None:
        self._outputs: list[dict[str, Any]] = []
        self._by_display_id: dict[str, list[dict[str, Any]]] = {}
        self._clear_at_next = False

    def add(self, kind: str, content: Mapping[str, Any]) -> bool:
        """Take a message; tells whether there was anything in it for the outputs."""
        if kind == "clear_output":
            self._clear_at_next = bool(content.get("wait"))
            if not self._clear_at_next:
                self._clear()
        elif kind == "update_display_data":
            self._update(content)
        elif kind in _DISPLAYED | {"stream", "error"}:
            if self._clear_at_next:
                self._clear()
            self._append(kind, content)
        else:
            return False
        return True

    def to_json(self) -> list[dict[str, Any]]:
        """Give the outputs as they stand in a notebook; they are the caller's own."""
        return copy.deepcopy(self._outputs)

    def _clear(self) -> None:
        self._clear_at_next = False
        self._outputs.clear()
        self._by_display_id.clear()

    def _append(self, kind: str, content: Mapping[str, Any]) -> None:
        if kind == "stream":
            self._write(content["name"], content["text"])
            return
        output = {"output_type": kind} | {k: v for k, v in content.items() if k != "transient"}
        self._outputs.append(output)
        if display_id := content.get("transient", {}).get("display_id"):
            self._by_display_id.setdefault(display_id, []).append(output)

    def _update(self, content: Mapping[str, Any]) -> None:
        display_id = content.get("transient", {}).get("display_id", "")
        for output in self._by_display_id.get(display_id, []):
            output.update(data=content["data"], metadata=content["metadata"])

    def _write(self, name: str, text: str) -> None:
        last = self._outputs[-1] if self._outputs else {}
        if last.get("output_type") != "stream" or last.get("name") != name:
            last = {"output_type": "stream", "name": name, "text": ""}
            self._outputs.append(last)
        done, newline, line = last["text"].rpartition("\n")
        last["text"] = (done + newline + overwritten(line + text))[-_LONGEST_STREAM:]


def overwritten(text: str) -> str:
    """What a terminal shows of a text in which carriage returns go back to a line's start."""
    return "\n".join(_shown(line) for line in text.replace("\r\n", "\n").split("\n"))


def _shown(line: str) -> str:
    """One line; a return at its very end stays, for what comes next to write over it."""
    end = "\r" if line.endswith("\r") else ""
    shown = ""
    for part in line.rstrip("\r").split("\r"):
        shown = part + shown[len(part) :]
    return shown + end

"""The outputs of one cell, put together from a kernel's messages as JupyterLab does it.

What a cell prints is text that grows: it is kept in pieces, of which the oldest can go.
"""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

_LONGEST_LINE = 16_384
"""Characters of an unfinished line that a carriage return can still overwrite."""
_PIECE = 16_384
"""Characters of a piece, at most; the oldest pieces can go."""


class StreamText:
    """Finished text in pieces, and the line that is still being written.

    Adding text costs as much as what is added, however much is there already.
    """

    def __init__(self) -> None:
        self._pieces: deque[str] = deque()
        self._line = ""
        self.done = 0
        """Characters that no longer change, from the beginning of what is kept."""

    def __len__(self) -> int:
        return self.done + len(self._line)

    def write(self, text: str) -> None:
        """Take what was printed next."""
        finished, newline, line = overwritten(self._line + text).rpartition("\n")
        finished += newline
        if len(line) > _LONGEST_LINE:
            finished, line = finished + line, ""
        self._finish(finished)
        self._line = line

    def cut(self) -> bool:
        """Drop the oldest piece, never part of the last line; return whether there was one."""
        if not self._pieces:
            return False
        self.done -= len(self._pieces.popleft())
        return True

    def text(self, start: int = 0) -> str:
        """Return the text from this character on."""
        return ("".join(self._pieces) + self._line)[start:]

    def _finish(self, text: str) -> None:
        self.done += len(text)
        if self._pieces and len(self._pieces[-1]) + len(text) <= _PIECE:
            text = self._pieces.pop() + text
        self._pieces.extend(text[at : at + _PIECE] for at in range(0, len(text), _PIECE))


def overwritten(text: str) -> str:
    """Return what a terminal shows of a text with carriage returns."""
    if "\r" not in text:
        return text
    return "\n".join(_shown(line) for line in text.replace("\r\n", "\n").split("\n"))


def _shown(line: str) -> str:
    """Return one line; a return at its very end stays, so that what follows overwrites it."""
    end = "\r" if line.endswith("\r") else ""
    shown = ""
    for part in reversed(line.rstrip("\r").split("\r")):
        shown += part[len(shown) :]  # what was written over it later covers its beginning
    return shown + end


_DISPLAYED = frozenset({"display_data", "execute_result"})
DISPLAYED = _DISPLAYED | {"update_display_data"}
"""Messages that show something, perhaps in the place of what is displayed with the same id."""
_MOST_CHARACTERS = 20_000_000
"""Characters of all outputs together that are kept, pictures as encoded in the file."""
_MOST_OUTPUTS = 10_000
_SPARE = 0.8
"""What is left of either after it was too much, so that it is not at once too much again."""
_LEFT_OUT = "The first outputs of this cell are left out: there were too many.\n"

Output = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody already has of a cell's outputs: the figures of the last `Change`."""

    epoch: int = -1
    revision: int = -1
    done: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody does not have yet.

    It replaces all outputs from ``keep`` on. The text of the first continues after
    ``keep_text`` characters of the output at this place.
    """

    epoch: int
    revision: int
    done: int
    keep: int
    keep_text: int
    outputs: list[Output]


@dataclass(slots=True, eq=False)
class _Entry:
    """One output. Revisions are those of all outputs when it began and when it last changed."""

    output: Output
    began: int
    changed: int
    size: int = 0
    text: StreamText | None = None
    display_ids: set[str] = field(default_factory=set)

    def to_json(self, start: int = 0) -> Output:
        if self.text is None:
            return dict(self.output)
        return self.output | {"text": self.text.text(start)}


class CellOutputs:
    """Takes messages of Jupyter's messaging protocol, returns outputs of notebook format 4.

    The cost of a message depends on its length only, however much there is already.
    https://jupyter-client.readthedocs.io/en/stable/messaging.html#messages-on-the-iopub-pub-sub-channel
    """

    def __init__(self) -> None:
        self._entries: deque[_Entry] = deque()
        self._by_display_id: dict[str, list[_Entry]] = {}
        self._clear_at_next = False
        self._note: list[Output] = []  # that outputs were left out
        self._epoch = 0  # changes when outputs were removed or moved
        self._revision = 0
        self.size = 0
        """About how many characters all outputs have."""

    def add(self, kind: str, content: Mapping[str, Any]) -> bool:
        """Take a message; return whether it concerns the outputs."""
        self._revision += 1
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
        self._leave_out()
        return True

    def update(self, content: Mapping[str, Any]) -> bool:
        """Take what another cell displays; return whether something here has the same id."""
        if not self._by_display_id.get(_display_id(content)):
            return False
        self._revision += 1
        self._update(content)
        self._leave_out()
        return True

    def to_json(self) -> list[Output]:
        """Return the outputs as a notebook has them; they must not be changed."""
        return list(self)

    def __iter__(self) -> Iterator[Output]:
        yield from self._note
        for entry in list(self._entries):
            yield entry.to_json()

    def are(self, seen: Seen | None) -> bool:
        """Whether somebody has all of them."""
        return seen is not None and (seen.epoch, seen.revision) == (self._epoch, self._revision)

    def since(self, seen: Seen) -> Change:
        """Return what came after that."""
        keep, text, outputs = 0, 0, []
        if seen.epoch == self._epoch:
            keep = next(
                (n for n, each in enumerate(self._entries) if each.changed > seen.revision),
                len(self._entries),
            )
            changed = list(islice(self._entries, keep, None))
            if changed and changed[0].text and changed[0].began <= seen.revision:
                text = seen.done
            outputs = [each.to_json(text if n == 0 else 0) for n, each in enumerate(changed)]
            keep += len(self._note)
        else:
            outputs = self.to_json()
        last = self._entries[-1].text if self._entries else None
        return Change(self._epoch, self._revision, last.done if last else 0, keep, text, outputs)

    def _clear(self) -> None:
        self._clear_at_next = False
        self._epoch += 1
        self._note = []
        self._entries.clear()
        self._by_display_id.clear()
        self.size = 0

    def _append(self, kind: str, content: Mapping[str, Any]) -> None:
        if kind == "stream":
            self._write(content["name"], content["text"])
            return
        if kind in _DISPLAYED:
            self._update(content)
        output = {"output_type": kind} | {k: v for k, v in content.items() if k != "transient"}
        entry = _Entry(output, self._revision, self._revision)
        self._entries.append(entry)
        self._resize(entry, _size(output))
        if display_id := _display_id(content):
            entry.display_ids.add(display_id)
            self._by_display_id.setdefault(display_id, []).append(entry)

    def _update(self, content: Mapping[str, Any]) -> None:
        new = {"data": content["data"], "metadata": content["metadata"]}
        for entry in self._by_display_id.get(_display_id(content), []):
            entry.output |= new
            entry.changed = self._revision
            self._resize(entry, _size(entry.output))

    def _write(self, name: str, text: str) -> None:
        last = self._entries[-1] if self._entries else None
        if last is None or last.text is None or last.output["name"] != name:
            last = _Entry(_stream(name), self._revision, self._revision, text=StreamText())
            self._entries.append(last)
        assert last.text is not None
        last.text.write(text)
        last.changed = self._revision
        self._resize(last, len(last.text))

    def _leave_out(self) -> None:
        """Drop the oldest outputs where there are too many."""
        if self.size <= _MOST_CHARACTERS and len(self._entries) <= _MOST_OUTPUTS:
            return
        self._epoch += 1
        while self._entries and (
            self.size > _SPARE * _MOST_CHARACTERS or len(self._entries) > _SPARE * _MOST_OUTPUTS
        ):
            self._let_go(self._entries[0])
        first = self._entries[0].output if self._entries else {}
        name = "stdout" if first.get("name") == "stderr" else "stderr"  # or pages join them
        self._note = [_stream(name) | {"text": _LEFT_OUT}]

    def _let_go(self, first: _Entry) -> None:
        few = len(self._entries) <= _SPARE * _MOST_OUTPUTS
        if few and first.text and first.text.cut():
            self._resize(first, len(first.text))
            return
        self._resize(first, 0)
        self._entries.popleft()
        for display_id in first.display_ids:
            self._by_display_id[display_id].remove(first)

    def _resize(self, entry: _Entry, size: int) -> None:
        self.size += size - entry.size
        entry.size = size


def _display_id(content: Mapping[str, Any]) -> str:
    return str(content.get("transient", {}).get("display_id") or "")


def _stream(name: str) -> Output:
    return {"output_type": "stream", "name": name}


def _size(output: Output) -> int:
    """Return about how many characters an output has in the file; most belong to pictures."""
    data = output.get("data", output)
    return sum(
        len(each if isinstance(each, str) else json.dumps(each, default=str))
        for each in data.values()
    )

"""The shell commands of the docs, block by block."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reference_pages.project import ROOT

DOCS = ROOT / "docs"
NOT_RUN = "# Not run here: "
"""Begins the comment that says what a block, from there on, needs and no test has."""

_BLOCK = re.compile(r"^( *)```(?:sh|console)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_PROMPT = "$ "
_LOOP = re.compile(r"for .*; do|done")


@dataclass(frozen=True)
class Shown:
    """One command as a page shows it, in one line; not_run is what it needs, if it says so."""

    page: str
    text: str
    not_run: str = ""

    @property
    def words(self) -> list[str]:
        """The words of its first program, as a shell would split them."""
        words = shlex.split(self.text, comments=True)
        ends = [place for place, word in enumerate(words) if word in {"|", ">", "<", ">>"}]
        return words[: min(ends, default=len(words))]


def commands(page: Path) -> Iterator[Shown]:
    """Yield the commands of a page. In a block with prompts, all else is output."""
    name = str(page.relative_to(ROOT))
    for indent, block in _BLOCK.findall(page.read_text()):
        lines = [line.removeprefix(indent) for line in block.splitlines()]
        if any(line.startswith(_PROMPT) for line in lines):
            lines = [line.removeprefix(_PROMPT) for line in lines if line.startswith(_PROMPT)]
        not_run = ""
        for line in _joined(lines):
            if line.startswith(NOT_RUN):
                not_run = line.removeprefix(NOT_RUN)
            elif line.strip() and not line.startswith("#") and not _LOOP.fullmatch(line):
                yield Shown(name, line.strip(), not_run)


def _joined(lines: list[str]) -> Iterator[str]:
    """Join what goes on in the next line, after a backslash or a pipe."""
    text = ""
    for line in lines:
        text = f"{text} {line.lstrip()}" if text else line
        goes_on = text.endswith("\\")
        text = text.removesuffix("\\").rstrip()
        if not goes_on and not text.endswith("|"):
            yield text
            text = ""
    assert not text, f"A command goes on after the end of its block: {text}"

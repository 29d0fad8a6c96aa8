"""The programs in which a session can be worked with, and where each is in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ProgramName = Literal["lab", "notebook", "vscode"]


@dataclass(frozen=True, slots=True)
class Program:
    """A program that a browser opens."""

    title: str
    path: str
    """Where it is, below the session's own address."""

    @property
    def default_url(self) -> str:
        """What ``Spawner.default_url`` is, so that a session opens with it."""
        return f"/{self.path}"


PROGRAMS: Mapping[str, Program] = {
    "lab": Program("JupyterLab", "lab"),
    "notebook": Program("Notebook", "tree"),
    "vscode": Program("VS Code", "vscode/"),
}
"""By their names in the catalogue."""

USUAL: ProgramName = "lab"
"""What a session opens where nobody says otherwise."""


def program_at(default_url: str) -> str:
    """Name the program that a ``Spawner.default_url`` leads into; empty for anything else.

    Without one, the session's server opens the usual program.
    """
    if not default_url:
        return USUAL
    first = default_url.strip("/").partition("/")[0]
    return next((name for name, each in PROGRAMS.items() if each.path.strip("/") == first), "")

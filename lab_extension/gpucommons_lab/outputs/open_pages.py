"""Which pages are open, and which document each of them shows.

Jupyter Server knows which kernel a page talks to, but not what it shows: consoles and several
notebooks may share a kernel. So each page of a notebook reports it, with its kernel client's id.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Page:
    """What a page of a notebook knows of the file, as it loaded or saved it last."""

    path: str
    cells: tuple[str, ...]
    """What the page calls each cell of the file. Before notebook format 4.5 only it does."""
    hash: str
    """Of the file; empty if Jupyter Server does not give it."""


class OpenPages:
    """What pages have reported, and the connections that they have."""

    def __init__(self) -> None:
        self._told: dict[str, Page] = {}
        self._connections: dict[object, str] = {}
        """Each with its page. A replaced connection ends only after its successor has begun."""

    def came(self, page: str, connection: object) -> None:
        """A page has this connection from now on."""
        self._connections[connection] = page

    def went(self, connection: object) -> None:
        """A page no longer has this connection."""
        self._connections.pop(connection, None)

    def tell(self, page: str, what: Page) -> None:
        """A page reports what it shows."""
        self._told[page] = what

    def __getitem__(self, page: str) -> Page | None:
        """What a page shows; None if it is not a notebook, or has not reported it."""
        return self._told.get(page)

    def __contains__(self, page: object) -> bool:
        """Whether a page is open."""
        return page in self._connections.values()

    def show(self, path: str) -> bool:
        """Whether an open page shows this document."""
        return any(self._told[each].path == path for each in self if each in self._told)

    def __iter__(self) -> Iterator[str]:
        return iter(set(self._connections.values()))

    def renamed(self, old: str, new: str) -> None:
        """A file or folder was renamed."""
        for page, told in list(self._told.items()):
            if path := moved(told.path, old, new):
                self._told[page] = replace(told, path=path)

    def deleted(self, path: str) -> None:
        """A file or folder was deleted; forget what closed pages reported about it."""
        for page, told in list(self._told.items()):
            if moved(told.path, path, path) and page not in self:
                del self._told[page]

    def forget(self, needed: set[str]) -> None:
        """Forget what closed pages reported, except for the pages that are needed."""
        there = set(self) | needed
        self._told = {page: told for page, told in self._told.items() if page in there}


def moved(path: str, old: str, new: str) -> str | None:
    """Return where a file is after a file or folder was renamed; None if it was another one."""
    if path == old:
        return new
    return new + path.removeprefix(old) if path.startswith(f"{old}/") else None

"""How pages call what the catalogue names."""

from typing import Protocol


class Titles(Protocol):
    """What environments and sizes are called for people, such as by the catalogue's file."""

    def environment(self, name: str) -> str:
        """Return an environment's name for people; the name itself if it has none."""

    def size(self, name: str) -> str:
        """Return a size's name for people; the name itself if it has none."""


class PlainTitles:
    """Calls everything by its name."""

    def environment(self, name: str) -> str:
        """Return the name."""
        return name

    def size(self, name: str) -> str:
        """Return the name."""
        return name

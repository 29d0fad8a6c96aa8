"""What the catalogue calls environments and sizes, for the services beside the hub."""

from collections.abc import Callable

from gpucommons_spawner.catalogue import Catalogue


class CatalogueTitles:
    """What the catalogue in force calls environments and sizes for people."""

    def __init__(self, catalogue: Callable[[], Catalogue]) -> None:
        """``catalogue`` returns the one in force."""
        self._catalogue = catalogue

    def environment(self, name: str) -> str:
        """Return an environment's name for people; of one that is gone, the name."""
        found = self._catalogue().environments.get(name)
        return found.display_name if found else name

    def size(self, name: str) -> str:
        """Return a size's name for people; of one that is gone, the name."""
        found = self._catalogue().sizes.get(name)
        return found.display_name if found else name

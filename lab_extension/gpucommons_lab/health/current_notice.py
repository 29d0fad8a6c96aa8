"""The one notice of a check that must be shown now."""

from collections.abc import Callable
from math import inf

from gpucommons_contract import ALL_CLEAR_SECONDS, Notice


class CurrentNotice:
    """What is said of one cause: the newest, for as long as it lasts."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock`` gives seconds."""
        self._clock = clock
        self._notice: Notice | None = None
        self._until = inf

    def show(self, notice: Notice, seconds: float = inf) -> None:
        """Show a notice for so long, in place of what was shown."""
        self._notice, self._until = notice, self._clock() + seconds

    def take_back(self, all_clear: Notice) -> None:
        """Say that a warning is over, for a moment."""
        self.show(all_clear, ALL_CLEAR_SECONDS)

    def get(self) -> Notice | None:
        """Return what must be shown now."""
        if self._clock() > self._until:
            self._notice, self._until = None, inf
        return self._notice

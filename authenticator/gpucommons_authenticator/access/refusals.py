"""Who was just refused by Dex, or by a rule of this hub."""

import time
from collections.abc import Callable


class Refusals:
    """Remembers who was refused, so that their many requests are not each asked about."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def remember(self, name: str, seconds: float) -> None:
        """Keep a no for that many seconds."""
        self._until[name] = self._clock() + seconds

    def recent(self, name: str) -> bool:
        """Say whether somebody got a no that is still kept."""
        if self._until.get(name, float("-inf")) > self._clock():
            return True
        self.forget(name)
        return False

    def forget(self, name: str) -> None:
        """Ask about somebody again, from now on."""
        self._until.pop(name, None)

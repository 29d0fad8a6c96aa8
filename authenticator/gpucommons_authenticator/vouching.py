"""Telling somebody who was deleted from a directory that is down.

Dex 2.45 gives the same answer for both (see UnclearAnswerError). A directory that vouches for
others meanwhile is not down.
"""

import time
from collections.abc import Callable


class Vouching:
    """When Dex last vouched for anybody, by connector; and about whom it is unclear since when."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._latest: dict[str | None, float] = {}
        self._unclear_since: dict[str, float] = {}

    def vouched(self, name: str, connector: str | None) -> None:
        """Note that Dex vouched for somebody."""
        self._latest[connector] = self._clock()
        self._unclear_since.pop(name, None)

    def unclear(self, name: str) -> None:
        """Note an unclear answer about somebody."""
        self._unclear_since.setdefault(name, self._clock())

    def unclear_about_one(self, name: str, connector: str | None) -> bool:
        """Say whether the connector vouched for others since it became unclear about this one."""
        since = self._unclear_since.get(name)
        return since is not None and self._latest.get(connector, float("-inf")) > since

"""The time, and whether the clock was set in the meantime."""

import time
from datetime import UTC, datetime, timedelta

_STEP = timedelta(seconds=30)
"""A clock that drifts further from the monotonic one was set; less is its adjustment."""


class Clock:
    """Tells the time in UTC, and notices a step of it.

    A machine that slept looks the same: nobody measured anything meanwhile.
    """

    def __init__(self) -> None:
        self._offset = self._wall_minus_steady()

    def now(self) -> datetime:
        """The time on the wall, in UTC."""
        return datetime.now(UTC)

    def stepped(self) -> timedelta | None:
        """Return by how much the clock was set since the last call; None if it was not."""
        before, self._offset = self._offset, self._wall_minus_steady()
        step = timedelta(seconds=self._offset - before)
        return step if abs(step) > _STEP else None

    @staticmethod
    def _wall_minus_steady() -> float:
        return time.time() - time.monotonic()

"""Ages of moments that others recorded by the wall clock."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime


def _wall() -> datetime:
    return datetime.now(UTC)


class Ages:
    """Ages in seconds, which do not jump when the wall clock is set between two calls.

    A moment that is known ages by the monotonic clock; a new one is taken to have come since
    the last call, whatever the wall clock says.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = _wall,
    ) -> None:
        """``clock`` is monotonic, in seconds. Nothing is older than this object."""
        self._clock = clock
        self._wall = wall
        self._asked = clock()
        self._known: dict[str, tuple[datetime, float]] = {}

    def of(self, moments: Mapping[str, datetime]) -> dict[str, float]:
        """Return the age of each moment. Keys that are missing are forgotten."""
        now, wall = self._clock(), self._wall()
        longest = now - self._asked
        known = {}
        for key, moment in moments.items():
            seconds = min(max(0.0, (wall - moment).total_seconds()), longest)
            told, at = self._known.get(key, (None, 0.0))
            known[key] = (moment, at if told == moment else now - seconds)
        self._known, self._asked = known, now
        return {key: now - at for key, (_, at) in known.items()}

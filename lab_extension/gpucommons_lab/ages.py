"""How long ago things were that others noted by the clock on the wall."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime


def _wall() -> datetime:
    return datetime.now(UTC)


class Ages:
    """Ages in seconds, which a wall clock that is set between two questions does not change.

    A moment that was told before ages by the clock that never goes back; one that is new
    came since the last question, whatever the wall says.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = _wall,
    ) -> None:
        """``clock`` gives seconds that never go back. Nothing is older than this object."""
        self._clock = clock
        self._wall = wall
        self._asked = clock()
        self._known: dict[str, tuple[datetime, float]] = {}

    def of(self, moments: Mapping[str, datetime]) -> dict[str, float]:
        """Answer the ages of all these moments. What is not among them is forgotten."""
        now, wall = self._clock(), self._wall()
        longest = now - self._asked
        known = {}
        for key, moment in moments.items():
            seconds = min(max(0.0, (wall - moment).total_seconds()), longest)
            told, at = self._known.get(key, (None, 0.0))
            known[key] = (moment, at if told == moment else now - seconds)
        self._known, self._asked = known, now
        return {key: now - at for key, (_, at) in known.items()}

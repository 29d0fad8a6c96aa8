"""How long the last starts took, from the press of Start until the session is ready.

What a start waited for, its turn in the hub and its place in the queue, is none of it.
"""

import math
import statistics
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from datetime import datetime

from gpucommons_contract.words import phrase

from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.pod_state.queue import placed_at

KEPT = 20
"""Starts that count, for each environment and size."""
SHELF_SECONDS = 24 * 60 * 60
"""After a day a start says nothing any more about the next one."""
_MOST_KINDS = 500
"""Pairs of environment and size that are remembered; the one longest without a start goes."""

Kind = tuple[str, str]
"""Environment and size."""


class StartTimes:
    """Remembers starts since the hub's own, in memory: a few numbers for each kind."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._noted: OrderedDict[Kind, deque[tuple[float, float]]] = OrderedDict()
        self._oldest = math.inf
        """No start that is remembered was before this time."""
        self._version = 0
        self._said: Mapping[str, Mapping[str, str]] = {}
        self._said_at = 0

    @property
    def version(self) -> int:
        """Grows with every start that is noted, and when one has become too old to count."""
        self._forget()
        return self._version

    def note(self, environment: str, size: str, seconds: float) -> None:
        """Take a start that has succeeded. ``seconds`` are without turn and queue."""
        kind, now = (environment, size), self.now()
        self._noted.setdefault(kind, deque(maxlen=KEPT)).append((now, seconds))
        self._noted.move_to_end(kind)
        if len(self._noted) > _MOST_KINDS:
            self._noted.popitem(last=False)
        self._oldest = min(self._oldest, now)
        self._version += 1

    def sentences(self) -> Mapping[str, Mapping[str, str]]:
        """Say it for each environment and size that was started in the last day.

        Each is half a sentence: "last starts took 6 s (median of 12)". Worded once for a version.
        """
        if self._said_at != self.version:
            found: dict[str, dict[str, str]] = {}
            for (environment, size), noted in self._noted.items():
                found.setdefault(environment, {})[size] = _sentence([took for _, took in noted])
            self._said, self._said_at = found, self._version
        return self._said

    def _forget(self) -> None:
        """Drop the starts of yesterday, if there are any."""
        since = self.now() - SHELF_SECONDS
        if self._oldest >= since:
            return
        for kind, noted in list(self._noted.items()):
            while noted and noted[0][0] < since:
                noted.popleft()
            if not noted:
                del self._noted[kind]
        self._oldest = min((noted[0][0] for noted in self._noted.values()), default=math.inf)
        self._version += 1


def queued_seconds(pod: Manifest) -> float:
    """Return how long a queue held back a pod that runs, to the second.

    Until then the scheduler did not place it; afterwards it needs no time worth counting.
    """
    placed = placed_at(pod)
    if placed is None:
        return 0.0
    waited = placed - datetime.fromisoformat(pod["metadata"]["creationTimestamp"])
    return max(waited.total_seconds(), 0.0)


def _sentence(seconds: list[float]) -> str:
    if len(seconds) == 1:
        return phrase("the last start took %(time)s", time=_shown(seconds[0]))
    return phrase(
        "last starts took %(time)s (median of %(number)d)",
        time=_shown(statistics.median(seconds)),
        number=len(seconds),
    )


def _shown(seconds: float) -> str:
    if seconds < 90:
        return phrase("%(number)d s", number=max(round(seconds), 1))
    return phrase("%(number)d min", number=round(seconds / 60))

"""A queue for GPUs, replayed: how long each would have waited. Pure.

All GPUs are one pool. Whoever asked first is served first; who needs fewer GPUs than those ahead
may pass them, as with Kubernetes' scheduler and with Kueue's usual queue.

Where everybody asks for as many GPUs as the others and nobody gives up, more GPUs make nobody wait
longer. Otherwise they may: who would have given up holds GPUs then that somebody else had.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from heapq import heapify, heappop, heappush

from gpucommons_accounting.reckoning.waits import Wait


@dataclass(frozen=True, slots=True)
class Ask:
    """Somebody asks for GPUs. All moments are in UTC."""

    at: datetime
    units: Decimal
    """GPUs, such as 0.25."""
    length: timedelta | None
    """For how long they are held; None: until the end."""
    until: datetime | None = None
    """When it is given up; None: it waits for as long as it takes."""


@dataclass(frozen=True, slots=True)
class Change:
    """So many GPUs come at a moment, or go, where it is a negative number."""

    at: datetime
    gpus: Decimal


def replay(asks: Sequence[Ask], changes: Iterable[Change], end: datetime) -> list[Wait]:
    """Return how long each waits, in the order in which they are given.

    changes: of the GPUs that there are, from none on. end: a wait that goes on then is not over.
    """
    order = sorted(range(len(asks)), key=lambda place: asks[place].at)
    queue, came = _Queue([asks[place] for place in order], end), 0
    changing = [(each.at, each.gpus) for each in changes]
    heapify(changing)
    while True:
        coming = [asks[order[came]].at] if came < len(order) else []
        now = min([*coming, *(at for at, _ in changing[:1])], default=end)
        if now >= end:
            break
        while changing and changing[0][0] <= now:
            queue.free += heappop(changing)[1]
        while came < len(order) and asks[order[came]].at <= now:
            queue.join(came)
            came += 1
        while (served := queue.serve(now)) is not None:
            if served.length is not None:
                heappush(changing, (now + served.length, served.units))
    return [
        wait for _, wait in sorted(zip(order, queue.waits, strict=True), key=lambda each: each[0])
    ]


class _Queue:
    """Who waits, in a line for each number of GPUs: of each only the first is looked at."""

    def __init__(self, asks: Sequence[Ask], end: datetime) -> None:
        """asks: by when each is asked."""
        self.free = Decimal(0)
        """GPUs; negative while more are held than there are."""
        self.waits = [_in_vain(ask, end) for ask in asks]
        """How long each waits: those that were not served, until they gave up or until the end."""
        self._asks = asks
        self._lines: dict[Decimal, deque[int]] = defaultdict(deque)

    def join(self, place: int) -> None:
        """Have one wait."""
        self._lines[self._asks[place].units].append(place)

    def serve(self, now: datetime) -> Ask | None:
        """Give GPUs to the first one for whom there are enough; None where there is nobody."""
        heads = []
        for units, line in self._lines.items():
            while line and (until := self._asks[line[0]].until) is not None and until < now:
                line.popleft()
            if line and units <= self.free:
                heads.append(line[0])
        if not heads:
            return None
        first = min(heads)
        ask = self._asks[first]
        self._lines[ask.units].popleft()
        self.free -= ask.units
        self.waits[first] = Wait(now - ask.at, over=True)
        return ask


def _in_vain(ask: Ask, end: datetime) -> Wait:
    until = min(ask.until or end, end)
    return Wait(max(until - ask.at, timedelta()), over=False)

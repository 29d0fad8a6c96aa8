"""A queue for GPUs, replayed: how long each would have waited. Pure.

All GPUs are one pool. Whoever asked first is served first; who needs fewer GPUs than those ahead
may pass them, as with Kubernetes' scheduler and with Kueue's usual queue.

Where everybody asks for as many GPUs as the others and nobody gives up, more GPUs make nobody wait
longer. Otherwise they may: who would have given up holds GPUs then that somebody else had.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from heapq import heapify, heappop, heappush
from math import lcm

from gpucommons_accounting.reckoning.capacity.waits import Wait
from gpucommons_accounting.reckoning.periods.calendar import microseconds

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_NONE = Wait(timedelta(), over=False)


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
    known = list(changes)
    parts = _parts({*(each.units for each in asks), *(each.gpus for each in known)})
    order = sorted(range(len(asks)), key=lambda place: asks[place].at)
    queue = _Queue([asks[place] for place in order], parts)
    changing = [(_microsecond(each.at), int(each.gpus * parts)) for each in known]
    heapify(changing)
    queue.run(changing, _microsecond(end))
    waits: list[Wait] = [_NONE] * len(asks)
    for place, wait in zip(order, queue.waits(end), strict=True):
        waits[place] = wait
    return waits


class _Queue:
    """Who waits, in a line for each number of GPUs: of each only the first is looked at.

    All moments are microseconds, and all GPUs whole numbers of equal parts of one.
    """

    def __init__(self, asks: Sequence[Ask], parts: int) -> None:
        """asks: by when each is asked. parts: of a GPU."""
        self._asks = asks
        self._at = [_microsecond(ask.at) for ask in asks]
        self._units = [int(ask.units * parts) for ask in asks]
        self._served: list[int | None] = [None] * len(asks)
        """When each has its GPUs, if it ever does."""
        self._lines: dict[int, deque[int]] = {units: deque() for units in set(self._units)}

    def run(self, changing: list[tuple[int, int]], end: int) -> None:
        """Have all ask, and give them GPUs, until the end.

        changing: a heap of the moments at which GPUs come or go, and how many; who is served adds
        when theirs come back.
        """
        at, units, served = self._at, self._units, self._served
        came, count, free, waiting = 0, len(at), 0, 0
        while True:
            now = min(at[came] if came < count else end, changing[0][0] if changing else end)
            if now >= end:
                return
            while changing and changing[0][0] <= now:
                free += heappop(changing)[1]
            while came < count and at[came] <= now:
                self._lines[units[came]].append(came)
                came, waiting = came + 1, waiting + 1
            while waiting:
                first, gone = self._next(now, free)
                waiting -= gone
                if first is None:
                    break
                free, waiting, served[first] = free - units[first], waiting - 1, now
                length = self._asks[first].length
                if length is not None:
                    heappush(changing, (now + microseconds(length), units[first]))

    def _next(self, now: int, free: int) -> tuple[int | None, int]:
        """Take out of its line the first one for whom there are enough GPUs, if there is one.

        Return it, and how many were taken out that had given up.
        """
        first: int | None = None
        gone = 0
        for units, line in self._lines.items():
            if units > free:
                continue
            while line and self._gave_up(line[0], now):
                line.popleft()
                gone += 1
            if line and (first is None or line[0] < first):
                first = line[0]
        if first is not None:
            self._lines[self._units[first]].popleft()
        return first, gone

    def _gave_up(self, place: int, now: int) -> bool:
        until = self._asks[place].until
        return until is not None and _microsecond(until) < now

    def waits(self, end: datetime) -> Iterator[Wait]:
        """Yield how long each waited: who was not served, until they gave up or until the end."""
        for ask, at, served in zip(self._asks, self._at, self._served, strict=True):
            if served is None:
                until = min(ask.until or end, end)
                yield Wait(max(until - ask.at, timedelta()), over=False)
            else:
                yield Wait(timedelta(microseconds=served - at), over=True)


def _microsecond(moment: datetime) -> int:
    return microseconds(moment - _EPOCH)


def _parts(amounts: Iterable[Decimal]) -> int:
    """Return of how many parts of a GPU all amounts are whole numbers."""
    return lcm(*(each.as_integer_ratio()[1] for each in amounts))

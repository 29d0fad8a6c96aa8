"""What all sessions of a hub take of budgets, by whose they are, as sums that are kept.

A check costs the same at any scale. So does another moment: of sessions that run, the ends of
their holds are summed up, from which it is taken away once for all.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from heapq import heappop, heappush

from gpucommons_contract import SubjectKind

from gpucommons_spawner.quota.hold import (
    NEVER,
    Reckoning,
    has_begun,
    held_until,
    on_the_clock,
    used,
    whole_hold,
)
from gpucommons_spawner.quota.ledger_entry import Holding

Amounts = Mapping[str, Decimal]
"""GPU-microseconds by the GPU's product; those of any product under an empty name."""
_Key = tuple[str, str]
"""Person and server."""
_REMEMBERED = timedelta(days=1)
"""How long it is remembered what an ended session used, at most."""


class _Sums:
    """Of sessions of one product."""

    def __init__(self) -> None:
        self.whole = Decimal(0)
        """The holds of those that have not begun."""
        self.units, self.ends = Decimal(0), Decimal(0)
        """Of those that run: their GPUs; their GPUs times the end of each one's hold."""

    def since(self, moment: int) -> Decimal:
        return self.whole + self.ends - moment * self.units


class _Taken:
    """What the sessions of one person, or of one team, take from a moment on."""

    def __init__(self) -> None:
        self._by = NEVER
        self._sums: dict[str, _Sums] = defaultdict(_Sums)
        self._waiting: dict[_Key, Holding] = {}
        """Those that have not begun."""
        self._running: dict[_Key, tuple[Holding, datetime]] = {}
        """Those that have, and when their holds end."""
        self._next: list[tuple[datetime, _Key]] = []
        """A heap of these ends. Some may be of sessions that are gone."""
        self._ended: list[tuple[Holding, datetime]] = []
        """Those that ended, and when: accounting may not know of their last part yet."""

    def enter(self, key: _Key, holding: Holding) -> None:
        self._forget(key)
        if holding.units and has_begun(holding, self._by):
            self._run(key, holding)
        elif holding.units:
            self._waiting[key] = holding
            self._sums[holding.product].whole += whole_hold(holding, self._by)

    def leave(self, key: _Key, end: datetime | None) -> None:
        holding = self._forget(key)
        if holding and end:
            self._ended = [each for each in self._ended if each[1] > end - _REMEMBERED]
            self._ended.append((holding, end))

    def amounts(self, by: Reckoning) -> Amounts:
        if by != self._by:
            self._move(by)
        since = on_the_clock(by.since)
        found = {product: sums.since(since) for product, sums in self._sums.items()}
        for holding, end in self._ended:
            found[holding.product] += used(holding, end, by.since)
        return found

    def __iter__(self) -> Iterator[tuple[_Key, Holding]]:
        yield from self._waiting.items()
        yield from ((key, holding) for key, (holding, _) in self._running.items())

    def _move(self, by: Reckoning) -> None:
        """Reckon from another moment on."""
        everything = by.hold != self._by.hold or by.since < self._by.since
        again = (
            dict(self)
            if everything
            else {key: each for key, each in self._waiting.items() if has_begun(each, by)}
        )
        for key in again:
            self._forget(key)
        self._by = by
        while self._next and self._next[0][0] <= by.since:
            until, key = heappop(self._next)
            if (there := self._running.get(key)) and there[1] == until:
                self._forget(key)
                again[key] = there[0]
        for key, holding in again.items():
            self.enter(key, holding)
        self._ended = [(each, end) for each, end in self._ended if end > by.since]

    def _run(self, key: _Key, holding: Holding) -> None:
        until = max(held_until(holding, self._by), self._by.since)
        self._running[key] = (holding, until)
        heappush(self._next, (until, key))
        sums = self._sums[holding.product]
        sums.units += holding.units
        sums.ends += holding.units * on_the_clock(until)

    def _forget(self, key: _Key) -> Holding | None:
        if holding := self._waiting.pop(key, None):
            self._sums[holding.product].whole -= whole_hold(holding, self._by)
            return holding
        if there := self._running.pop(key, None):
            holding, until = there
            sums = self._sums[holding.product]
            sums.units -= holding.units
            sums.ends -= holding.units * on_the_clock(until)
            return holding
        return None


class Holds:
    """All of a hub."""

    def __init__(self) -> None:
        self._taken: dict[tuple[SubjectKind, str], _Taken] = defaultdict(_Taken)

    def enter(self, person: str, holding: Holding) -> None:
        """Enter what a session takes, in the place of what the same server took."""
        for owner in _owners(person, holding):
            self._taken[owner].enter((person, holding.server), holding)

    def leave(self, person: str, holding: Holding, end: datetime | None) -> None:
        """Let a session take no more than it used until its end; nothing without an end."""
        for owner in _owners(person, holding):
            self._taken[owner].leave((person, holding.server), end)

    def amounts(self, kind: SubjectKind, name: str, by: Reckoning) -> Amounts:
        """Return what the sessions of somebody take."""
        found = self._taken.get((kind, name))
        return found.amounts(by) if found else {}


def _owners(person: str, holding: Holding) -> tuple[tuple[SubjectKind, str], ...]:
    return (SubjectKind.PERSON, person), (SubjectKind.TEAM, holding.team)

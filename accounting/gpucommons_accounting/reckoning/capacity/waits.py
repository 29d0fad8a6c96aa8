"""How long starts waited for their node, those that gave up and those that wait still included.

Who leaves out those that never got through says that waits are short when they are longest.
"""

from array import array
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from gpucommons_accounting.reckoning.periods.calendar import Period, microseconds
from gpucommons_accounting.records.session import Session

Key = TypeVar("Key", bound=Hashable)
_HALF, _NEARLY_ALL = Decimal("0.5"), Decimal("0.95")
_ROUNDING = Decimal("1e-20")


@dataclass(frozen=True, slots=True)
class Wait:
    """How long one start waited; ``over`` unless it gave up, or waits still: then it is at least
    that long.
    """

    length: timedelta
    over: bool


@dataclass(frozen=True, slots=True)
class Quantile:
    """A length that a part of all waits did not pass; at least that, where it is not known."""

    length: timedelta
    at_least: bool


@dataclass(frozen=True, slots=True)
class Waited:
    """What is told of the waits of some starts."""

    starts: int
    bound: int
    """How many got their node."""
    given_up: int
    waiting: int
    """How many wait still."""
    expansion: Decimal | None
    """How many times as long as the session itself it took with the wait; None for none."""
    half: Quantile | None
    """What half of them did not pass; None without any."""
    nearly_all: Quantile | None
    """What 95 of 100 did not pass."""


@dataclass(slots=True)
class Waits:
    """The waits of some starts, in little memory."""

    given_up: int = 0
    waiting: int = 0
    """How many wait still."""
    waited: timedelta = timedelta()
    """All waits of sessions that came to be, together."""
    there: timedelta = timedelta()
    """How long those sessions were there, together."""
    bound: int = 0
    """How many got their node."""
    _each: "array[int]" = field(default_factory=lambda: array("q"))
    """Twice the microseconds that each waited, and one more if its wait is not over."""

    def summed(self) -> Waited:
        """Return what is told of them. Of many it takes a while."""
        return Waited(
            starts=len(self._each),
            bound=self.bound,
            given_up=self.given_up,
            waiting=self.waiting,
            expansion=self.expansion,
            half=self.quantile(_HALF),
            nearly_all=self.quantile(_NEARLY_ALL),
        )

    @property
    def expansion(self) -> Decimal | None:
        """How many times as long as the session itself it took with the wait; None for none."""
        if not self.there:
            return None
        microsecond = timedelta(microseconds=1)
        return Decimal((self.waited + self.there) // microsecond) / (self.there // microsecond)

    def quantile(self, part: Decimal) -> Quantile | None:
        """Return what a part of all did not pass, such as half; None without any.

        By Kaplan and Meier: who gave up after five minutes says nothing of the sixth. Where more
        than the rest gave up or wait still, it is only known to be longer than all that is known.
        """
        left, survives = len(self._each), Decimal(1)
        if not left:
            return None
        length = 0
        for code in sorted(self._each):
            length, goes_on = divmod(code, 2)
            if not goes_on:
                survives *= 1 - Decimal(1) / left
                if survives <= 1 - part + _ROUNDING:
                    return Quantile(timedelta(microseconds=length), at_least=False)
            left -= 1
        return Quantile(timedelta(microseconds=length), at_least=True)

    def put(self, wait: Wait) -> None:
        """Add how long one waited."""
        self._each.append(2 * microseconds(wait.length) + (not wait.over))
        self.bound += wait.over

    def add(self, session: Session, as_of: datetime) -> None:
        """Add one start."""
        end = session.gone or max(as_of, session.requested)
        bound = session.bound if session.bound and session.bound < end else None
        length = max((bound or end) - session.requested, timedelta())
        self.put(Wait(length, bound is not None))
        if bound is not None:
            self.waited += length
            self.there += end - max(bound, session.requested)
        elif session.runs:
            self.waiting += 1
        else:
            self.given_up += 1


def waits_by(
    sessions: Iterable[Session],
    period: Period,
    as_of: datetime,
    key: Callable[[Session], Key],
) -> dict[Key, Waits]:
    """Gather the waits of starts that were asked for in a period."""
    found: dict[Key, Waits] = defaultdict(Waits)
    for session in sessions:
        if period.has(session.requested):
            found[key(session)].add(session, as_of)
    return dict(found)

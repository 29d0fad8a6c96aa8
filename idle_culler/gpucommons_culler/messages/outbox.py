"""Messages that wait for their delivery: gathered by address, limited, tried again.

What cannot be sent at once is sent together later. Nothing is lost without a line in the log
and a count in the metrics.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from gpucommons_upkeep import Backoff, Heartbeat
from gpucommons_upkeep.mail import DeliveryError
from prometheus_client import Counter

from gpucommons_culler.messages.limits import DeliveryLimits, RateLimit
from gpucommons_culler.messages.message import Deliver, Message

MESSAGES = Counter(
    "gpucommons_idle_messages", "Messages of the idle culler by what became of them", ("way", "end")
)
"""Counted for the whole process; the culler's own metrics show it."""
_LONGEST_WAIT_S = 30.0
"""The longest time between two checks of what is due."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    message: Message
    since: float


@dataclass(slots=True)
class _Pile:
    """What waits for one address, oldest first."""

    due: float
    waiting: list[_Waiting] = field(default_factory=list)
    left_out: int = 0
    failures: int = 0

    def add(self, more: Iterable[_Waiting], room: int) -> None:
        self.waiting += more
        over = max(0, len(self.waiting) - room)
        del self.waiting[:over]
        self.left_out += over

    @property
    def count(self) -> int:
        return len(self.waiting) + self.left_out


class Outbox:
    """One way that messages go, such as mail. Work happens between ``begin`` and ``close``."""

    def __init__(
        self, way: str, deliver: Deliver, limits: DeliveryLimits, log: logging.Logger
    ) -> None:
        """way: what the log and the metrics call it."""
        self._way = way
        self._deliver = deliver
        self._limits = limits
        self._log = log
        self._rate = RateLimit(limits.per_minute)
        self._piles: dict[str, _Pile] = {}
        self._under_way: dict[str, _Pile] = {}
        self._last: dict[str, float] = {}
        """When addresses were last delivered to, as far as that still matters."""
        self._stirred = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._work: asyncio.Task[None] | None = None
        self._closing = False
        self._heart = Heartbeat(f"Taking out {way} messages", within=4 * _LONGEST_WAIT_S)

    def put(self, address: str, message: Message) -> None:
        """Take a message. If there is no room, it is dropped, and that is logged."""
        piles = (*self._piles.values(), *self._under_way.values())
        if self._closing or sum(len(pile.waiting) for pile in piles) >= self._limits.kept:
            self._count("dropped", 1)
            self._log.error("no room for the %s message %s", self._way, message.topic)
            return
        now = time.monotonic()
        pile = self._piles.get(address)
        if pile is None:
            self._forget_old(now)
            ready = self._last.get(address, now - self._limits.between) + self._limits.between
            pile = self._piles[address] = _Pile(max(ready, now + self._limits.gather))
        pile.add([_Waiting(message, now)], self._limits.for_one)
        self._stirred.set()

    def begin(self) -> None:
        """Begin to deliver, in the event loop that runs."""
        self._work = asyncio.create_task(self._deliver_all())

    @property
    def heart(self) -> Heartbeat:
        """Whether messages are still sent; that none arrives does not show it."""
        return self._heart

    async def close(self, seconds: float) -> None:
        """Deliver what waits, once and at once, for this long at most; log what is lost."""
        self._closing = True
        self._stirred.set()
        if self._work is not None:
            _, late = await asyncio.wait([self._work], timeout=seconds)
            for task in (*late, *self._tasks):
                task.cancel()
            await asyncio.gather(self._work, *self._tasks, return_exceptions=True)
        for piles in (self._piles, self._under_way):
            for address, pile in piles.items():
                self._lost(address, pile.count, "the culler stops")
            piles.clear()

    async def _deliver_all(self) -> None:
        backoff = Backoff()
        while not (self._closing and not self._piles and not self._tasks):
            self._stirred.clear()
            try:
                wait = self._begin_some()
            except Exception as error:  # a mistake of ours must not end all messages
                if self._heart.failed(f"{type(error).__name__}: {error}"):
                    self._log.exception("%s messages are held up", self._way)
                wait = backoff.pause()
            else:
                self._heart.succeeded()
                backoff.reset()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(wait, _LONGEST_WAIT_S)):
                    await self._stirred.wait()

    def _begin_some(self) -> float:
        """Begin the deliveries that are due; return in how many seconds there is more to do."""
        now = time.monotonic()
        for address, pile in sorted(self._piles.items(), key=lambda item: item[1].due):
            if address in self._under_way:
                continue
            if pile.due > now and not self._closing:
                return pile.due - now
            if len(self._tasks) >= self._limits.at_once:
                return _LONGEST_WAIT_S
            if not self._closing and (wait := self._rate.take(now)):
                return wait
            self._under_way[address] = self._piles.pop(address)
            task = asyncio.create_task(self._deliver_one(address))
            self._tasks.add(task)
            task.add_done_callback(self._finish)
        return _LONGEST_WAIT_S

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._stirred.set()

    async def _deliver_one(self, address: str) -> None:
        pile = self._under_way[address]
        messages = [each.message for each in pile.waiting]
        try:
            await self._deliver(address, messages, pile.left_out)
        except DeliveryError as error:
            self._failed(address, error)
        except Exception as error:  # a mistake of ours must not stop other messages
            self._log.exception("the %s message to %s cannot be made", self._way, address)
            self._failed(address, DeliveryError(type(error).__name__, hopeless=True))
        else:
            del self._under_way[address]
            self._count("delivered", pile.count)
            self._last[address] = now = time.monotonic()
            if later := self._piles.get(address):
                later.due = max(later.due, now + self._limits.between)

    def _failed(self, address: str, error: DeliveryError) -> None:
        """Keep what may still arrive, together with what came meanwhile."""
        pile, now = self._under_way.pop(address), time.monotonic()
        if error.hopeless or self._closing:
            self._lost(address, pile.count, str(error))
            return
        kept = [w for w in pile.waiting if now - w.since < self._limits.give_up_after]
        if len(kept) < len(pile.waiting):
            self._lost(address, len(pile.waiting) - len(kept), str(error))
        pile.waiting = kept
        if later := self._piles.pop(address, None):
            pile.add(later.waiting, self._limits.for_one)
            pile.left_out += later.left_out
        if not pile.waiting:
            if pile.left_out:
                self._lost(address, pile.left_out, str(error))
            return
        pile.failures += 1
        wait = self._limits.wait(pile.failures, error.retry_after)
        pile.due = now + wait
        self._piles[address] = pile
        self._log.warning("%s to %s failed, again in %.0f s: %s", self._way, address, wait, error)

    def _lost(self, address: str, count: int, why: str) -> None:
        self._count("lost", count)
        self._log.error("%d %s messages to %s are lost: %s", count, self._way, address, why)

    def _count(self, end: str, count: int) -> None:
        MESSAGES.labels(self._way, end).inc(count)

    def _forget_old(self, now: float) -> None:
        old = now - self._limits.between
        self._last = {address: at for address, at in self._last.items() if at > old}

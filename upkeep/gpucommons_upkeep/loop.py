"""Loops that must not end: pauses between tries, and whether the work is still done."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable


class Backoff:
    """The pauses before the next tries, in seconds.

    Each is up to twice as long as the one before, from ``first`` to ``longest``. Half of it is
    random, so that clients that failed together do not all return together.
    """

    def __init__(self, first: float = 1.0, longest: float = 60.0) -> None:
        """Raises ValueError unless 0 < first <= longest."""
        if not 0 < first <= longest:
            raise ValueError(f"first is {first} and longest {longest}: 0 < first <= longest")
        self._first = first
        self._longest = longest
        self._full = first

    def pause(self, asked: float | None = None) -> float:
        """Return the seconds to wait now; the next time it is longer.

        ``asked`` is what the other side requests, as in ``Retry-After``: the pause is at least that
        long, but never longer than the longest one.
        """
        full, self._full = self._full, min(2 * self._full, self._longest)
        chosen = full * random.uniform(0.5, 1)  # noqa: S311 -- no secret
        return min(self._longest, max(chosen, asked or 0.0))

    def reset(self) -> None:
        """Start again with the shortest pause: something succeeded."""
        self._full = self._first


class Heartbeat:
    """Shows whether a loop still does its work: a thread or task may be alive without doing it.

    ``within`` is how many seconds may pass between two successes, and before the first one.
    """

    def __init__(
        self, name: str, within: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self.within = within
        self.failures = 0
        """How many tries in a row have failed."""
        self.problem = ""
        """Why the last try failed; empty if it succeeded."""
        self._clock = clock
        self._began = self._last = clock()
        self._ever = False

    def succeeded(self) -> None:
        """Note that the work was done."""
        self._last, self._ever = self._clock(), True
        self.failures, self.problem = 0, ""

    def failed(self, why: str) -> bool:
        """Note that it was not done, and why; return whether it was done the last time."""
        self.failures += 1
        self.problem = why
        return self.failures == 1

    @property
    def age(self) -> float:
        """Seconds since the work was last done, or since the loop began."""
        return self._clock() - self._last

    def trouble(self) -> str | None:
        """Return for how long the work has not been done, and why; None if all is well."""
        if self.age <= self.within:
            return None
        since = "last succeeded" if self._ever else "has not succeeded since it began"
        why = f": {self.problem}" if self.problem else ""
        return f"{self.name} {since} {self.age:.0f} s ago{why}"


async def a_change(changed: asyncio.Event, *, within: float, together: float) -> None:
    """Wait for a change and then a moment for more of them, or until ``within`` seconds are over.

    together: seconds of that moment. It ends within that time, too, and clears the event.
    """
    try:
        async with asyncio.timeout(within):
            await changed.wait()
            await asyncio.sleep(together)
    except TimeoutError:
        pass
    changed.clear()


async def keep_going(
    step: Callable[[], Awaitable[None]],
    *,
    heart: Heartbeat,
    backoff: Backoff,
    log: logging.Logger,
    every: float = 0.0,
) -> None:
    """Run ``step`` every ``every`` seconds until canceled; after a failure, pause and try again.

    No exception ends it: a list of those that may occur is never complete. Failures are
    logged when they begin and when they end, not at each try.
    """
    while True:
        try:
            await step()
        except Exception as error:
            if heart.failed(f"{type(error).__name__}: {error}"):
                log.warning("%s failed and will be retried: %s", heart.name, heart.problem)
            await asyncio.sleep(backoff.pause())
            continue
        if heart.failures:
            log.info("%s works again", heart.name)
        heart.succeeded()
        backoff.reset()
        await asyncio.sleep(every)

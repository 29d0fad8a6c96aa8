"""Renewing what is known about somebody, once for many requests, and through outages."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Generic, TypeVar

T = TypeVar("T")

REMEMBER_S = 5.0
"""A finished renewal is handed out again for this long, in seconds.

A request may have read the old refresh token just before another one renewed it; Dex
takes a refresh token once (and again for 3 s by default), so it has to share the result.
"""


class RefreshOnce(Generic[T]):
    """Runs one exchange per refresh token, whatever the number of those who ask.

    Failures are shared too: an outage costs one attempt, not one per request.
    """

    def __init__(self, remember: float = REMEMBER_S) -> None:
        self._remember = remember
        self._tasks: dict[str, asyncio.Task[T]] = {}

    async def run(self, token: str, exchange: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return, or raise, what the exchange of this token gives."""
        task = self._tasks.get(token)
        if task is None:
            task = self._tasks[token] = asyncio.create_task(exchange())
            task.add_done_callback(partial(self._forget_later, token))
        # One impatient request must not cancel the exchange for the others.
        return await asyncio.shield(task)

    async def forget(self, token: str) -> None:
        """Have the next who asks get a new answer, after the one that is under way.

        Dex may keep a refresh token as it is (``reuseInterval``): then what it said some seconds
        ago would be handed out to somebody who knows that it has changed.
        """
        if task := self._tasks.get(token):
            await asyncio.wait([task])
            self._drop(token, task)

    def _forget_later(self, token: str, task: "asyncio.Task[T]") -> None:
        asyncio.get_running_loop().call_later(self._remember, self._drop, token, task)

    def _drop(self, token: str, task: "asyncio.Task[T]") -> None:
        if self._tasks.get(token) is task:
            del self._tasks[token]


def outage_is_forgiven(verified_at: object, now: float, grace: float) -> bool:
    """Say whether somebody last vouched for at verified_at may continue while Dex is away.

    All in seconds, the first two since the epoch. A missing time is not forgiven.
    """
    return isinstance(verified_at, int | float) and now - verified_at < grace

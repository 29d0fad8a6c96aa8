"""Waiting for a server that cannot answer now, such as a hub that restarts."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from gpucommons_upkeep import Backoff

from gpucommons_people.errors import UnreachableError

BUSY = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""Answers that say nothing about the question: the server, or what is in front of it, is busy."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 10.0

Answer = TypeVar("Answer")


def _tell_nobody(_what: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call without an answer is retried, in seconds, and who is notified.

    tell is called once for each call that has to wait, with a sentence.
    """

    seconds: float = 120.0
    tell: Callable[[str], None] = _tell_nobody

    async def ask(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """Call until there is an answer. Raises the last UnreachableError when that takes long."""
        backoff = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        end = time.monotonic() + self.seconds
        told = False
        while True:
            try:
                return await call()
            except UnreachableError as error:
                pause = backoff.pause(error.asked)
                if time.monotonic() + pause > end:
                    raise
                if not told:
                    self.tell(f"{error.what}. Waiting for it, {self.seconds:.0f} seconds at most.")
                    told = True
            await asyncio.sleep(pause)


AT_ONCE = Patience(0.0)
"""One try."""


def pause_asked(headers: Mapping[str, str]) -> float | None:
    """Return what an answer says of the time until the next try, in seconds; None if nothing."""
    try:
        return max(0.0, float(headers.get("Retry-After", "")))
    except ValueError:
        return None

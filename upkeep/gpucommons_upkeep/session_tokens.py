"""Tokens for calls to sessions, each good for one session alone.

The hub makes them, many at a time. Whoever works in a session can read what is sent to it, so a
service's own token, which opens everybody's sessions, never goes there.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Container, Hashable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, Protocol, TypeVar

from gpucommons_upkeep.loop import Backoff

AT_ONCE = 50
"""How many the hub makes for one request."""
_SPARE_S = 600.0
"""How long before its end a token is replaced."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 5.0
"""After a failure. Waiting callers fail at once then; the next look tries again."""
_DOUBTED_AFTER_S = 600.0
"""A refused token is replaced if it is at least this old; a session may refuse for ever."""

MakeTokens = Callable[[Sequence[tuple[str, str]]], Awaitable[tuple[Sequence[str], float]]]
"""Asks the hub for tokens for servers (person, server); returns them and their life in seconds."""


class Run(Hashable, Protocol):
    """One run of a server: the same server started again is another one."""

    @property
    def user(self) -> str:
        """The person's name."""

    @property
    def server(self) -> str:
        """Name of the named server; empty for the default one."""


Key = TypeVar("Key", bound=Run)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    made: float
    until: float


class SessionTokens(Generic[Key]):
    """All tokens at hand. Times are those of a monotonic clock."""

    def __init__(
        self,
        make: MakeTokens,
        failure: type[Exception],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """failure: what ``make`` raises if it cannot. clock: gives seconds."""
        self._make, self._failures = make, failure
        self._clock = clock
        self._kept: dict[Key, _Token] = {}
        self._wanted: dict[Key, None] = {}
        """Those that are asked for now, in that order."""
        self._making = asyncio.Lock()
        self._backoff = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        self._failure: Exception | None = None
        self._pause_until = 0.0

    async def of(self, session: Key) -> str:
        """Return the token for a session; callers at the same time are served together.

        Raises what ``make`` raises. All who wait share a failure, and so do callers in the next
        seconds: if each waited for its own, that would take as long as all of them together.
        """
        if (text := self._at_hand(session)) is not None:
            return text
        self._refuse_in_pause()
        self._wanted[session] = None
        async with self._making:
            if (text := self._at_hand(session)) is not None:
                return text
            self._refuse_in_pause()
            await asyncio.sleep(0)  # lets others who begin now join
            try:
                await self._make_some(session)
            except self._failures as error:
                self._failure = error
                self._pause_until = self._clock() + self._backoff.pause()
                self._wanted.clear()
                raise
            self._failure = None
            self._backoff.reset()
            return self._kept[session].text

    def _refuse_in_pause(self) -> None:
        """Raise the last failure again while its pause lasts."""
        if self._failure is not None and self._clock() < self._pause_until:
            raise self._failure.with_traceback(None)

    def doubt(self, session: Key) -> None:
        """Note that a session refused its token, which the hub may have lost."""
        kept = self._kept.get(session)
        if kept is not None and self._clock() - kept.made > _DOUBTED_AFTER_S:
            del self._kept[session]

    def keep_only(self, sessions: Container[Key]) -> None:
        """Forget the tokens of sessions that are gone."""
        self._kept = {key: token for key, token in self._kept.items() if key in sessions}
        self._wanted = {key: None for key in self._wanted if key in sessions}

    def _at_hand(self, session: Key) -> str | None:
        kept = self._kept.get(session)
        return kept.text if kept is not None and self._clock() < kept.until else None

    async def _make_some(self, first: Key) -> None:
        """Have tokens made for one session and for others that are asked for now."""
        self._wanted.pop(first, None)
        keys: list[Key] = [first, *islice(self._wanted, AT_ONCE - 1)]
        texts, life = await self._make([(key.user, key.server) for key in keys])
        now = self._clock()
        for key, text in zip(keys, texts, strict=True):
            self._kept[key] = _Token(text, now, now + life - _SPARE_S)
            self._wanted.pop(key, None)

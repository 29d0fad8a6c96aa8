"""Tokens for calls to sessions, each good for one session alone.

The hub makes them, many at a time. Whoever works in a session can read what it is sent, so the
culler's own token, with which everybody's sessions can be stopped, never goes there.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Container, Sequence
from dataclasses import dataclass
from itertools import islice

from gpucommons_culler.session import SessionKey

AT_ONCE = 50
"""That many the hub makes for one request."""
_SPARE_S = 600.0
"""So long before its end a token is replaced."""
_DOUBTED_AFTER_S = 600.0
"""A token that a session refuses is replaced if it is as old; a session may refuse for ever."""

MakeTokens = Callable[[Sequence[tuple[str, str]]], Awaitable[tuple[Sequence[str], float]]]
"""Asks the hub for tokens for servers (person, server); answers them and their life in seconds."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    made: float
    until: float


class SessionTokens:
    """All tokens that are at hand. Times are those of a clock that is not set."""

    def __init__(self, make: MakeTokens, clock: Callable[[], float] = time.monotonic) -> None:
        """clock: gives seconds."""
        self._make = make
        self._clock = clock
        self._kept: dict[SessionKey, _Token] = {}
        self._wanted: dict[SessionKey, None] = {}
        """Those that are asked for now, in that order."""
        self._making = asyncio.Lock()

    async def of(self, session: SessionKey) -> str:
        """Answer the token for a session; who asks at the same time is served together.

        Raises what the hub's client raises.
        """
        if (text := self._at_hand(session)) is not None:
            return text
        self._wanted[session] = None
        async with self._making:
            if (text := self._at_hand(session)) is not None:
                return text
            await asyncio.sleep(0)  # lets others who begin now join
            await self._make_some(session)
            return self._kept[session].text

    def doubt(self, session: SessionKey) -> None:
        """Note that a session refused its token, which the hub may have lost."""
        kept = self._kept.get(session)
        if kept is not None and self._clock() - kept.made > _DOUBTED_AFTER_S:
            del self._kept[session]

    def keep_only(self, sessions: Container[SessionKey]) -> None:
        """Forget the tokens of sessions that are gone."""
        self._kept = {key: token for key, token in self._kept.items() if key in sessions}
        self._wanted = {key: None for key in self._wanted if key in sessions}

    def _at_hand(self, session: SessionKey) -> str | None:
        kept = self._kept.get(session)
        return kept.text if kept is not None and self._clock() < kept.until else None

    async def _make_some(self, first: SessionKey) -> None:
        """Have tokens made for one session and for others that are asked for now."""
        self._wanted.pop(first, None)
        keys = [first, *islice(self._wanted, AT_ONCE - 1)]
        texts, life = await self._make([(key.user, key.server) for key in keys])
        now = self._clock()
        for key, text in zip(keys, texts, strict=True):
            self._kept[key] = _Token(text, now, now + life - _SPARE_S)
            self._wanted.pop(key, None)

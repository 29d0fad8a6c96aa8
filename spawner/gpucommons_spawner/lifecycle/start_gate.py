"""Lets a number of starts be under way at once; the others wait, first come, first served.

JupyterHub turns away whoever comes when too many start (429, "try again in a minute"), and then
the luckiest gets in. Here everybody keeps a place, and can see it.
"""

import asyncio
from bisect import bisect_left, insort

from gpucommons_contract.words import phrase, phrases


class StartGate:
    """Numbered tickets. Whoever was let in keeps a slot until ``leave``."""

    def __init__(self) -> None:
        self._last = 0
        self._inside: set[int] = set()
        self._waiting: list[int] = []
        self._calls: dict[int, asyncio.Future[None]] = {}

    def ticket(self) -> int:
        """Take a number. Lower ones are let in first."""
        self._last += 1
        return self._last

    async def enter(self, ticket: int, limit: int) -> None:
        """Wait for a slot, of ``limit`` in all; 0 is no limit. ``leave`` must follow."""
        if self._has_room(limit):  # so nobody waits: `leave` lets in as many as there is room for
            self._inside.add(ticket)
            return
        self._calls[ticket] = asyncio.get_running_loop().create_future()
        insort(self._waiting, ticket)
        await self._calls[ticket]

    def leave(self, ticket: int, limit: int) -> None:
        """Give the slot, or the place, back and let in who is next. Twice is harmless."""
        self._inside.discard(ticket)
        if ticket in self._calls:
            del self._calls[ticket]
            self._waiting.remove(ticket)
        while self._waiting and self._has_room(limit):
            following = self._waiting.pop(0)
            self._inside.add(following)
            call = self._calls.pop(following)
            if not call.done():  # else it was cancelled, and leaves in a moment
                call.set_result(None)

    def ahead(self, ticket: int) -> int | None:
        """Count who waits before this ticket; None if it does not wait."""
        return bisect_left(self._waiting, ticket) if ticket in self._calls else None

    def _has_room(self, limit: int) -> bool:
        return limit <= 0 or len(self._inside) < limit


def waiting_for_turn(ahead: int) -> str:
    """Say how many starts come before a person's."""
    if not ahead:
        return phrase("Many sessions start now; yours is next.")
    return phrases(
        "Many sessions start now; %(count)d start is ahead of yours.",
        "Many sessions start now; %(count)d starts are ahead of yours.",
        ahead,
    )

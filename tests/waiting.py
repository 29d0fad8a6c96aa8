"""Waiting for something that real programs do in their own time."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

_PATIENCE_S = 120
"""Generous: other builds may share the machine."""
PAGE_PATIENCE_MS = 1000 * _PATIENCE_S
"""For what a page is to show, in milliseconds as Playwright counts."""

T = TypeVar("T")


def until(
    condition: Callable[[], T],
    seconds: float = _PATIENCE_S,
    instead: Callable[[], object] | None = None,
    *,
    pause: float = 0.1,
) -> T:
    """Wait until something holds, and return it; ``instead`` says what there is if it does not.

    pause: seconds between two looks; longer where a look itself is work for what is looked at. A
    look that takes longer than that, such as a program, is followed by as long a pause.
    """
    deadline = time.monotonic() + seconds
    begin = time.monotonic()
    while not (found := condition()):
        now = time.monotonic()
        if now > deadline:
            raise AssertionError(f"Not within {seconds} s. {instead() if instead else ''}")
        time.sleep(max(pause, now - begin))
        begin = time.monotonic()
    return found


async def until_async(condition: Callable[[], object], seconds: float = _PATIENCE_S) -> None:
    """Wait until something holds, while the event loop goes on."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 -- programs of others announce nothing
            await asyncio.sleep(0.01)

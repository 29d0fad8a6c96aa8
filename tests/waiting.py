"""Waiting for something that real programs do in their own time."""

import time
from collections.abc import Callable

_PATIENCE_S = 60
"""Generous: other builds may share the machine."""
PAGE_PATIENCE_MS = 1000 * _PATIENCE_S
"""For what a page is to show, in milliseconds as Playwright counts."""


def until(
    condition: Callable[[], object],
    seconds: float = _PATIENCE_S,
    instead: Callable[[], object] | None = None,
) -> None:
    """Wait until something holds; ``instead`` tells what there is when it does not."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"Not within {seconds} s. {instead() if instead else ''}")
        time.sleep(0.1)

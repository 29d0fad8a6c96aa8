"""Many questions at once, all of which together have an end."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

_Answer = TypeVar("_Answer")


async def within(
    seconds: float, questions: Iterable[Coroutine[Any, Any, _Answer]]
) -> list[_Answer | None]:
    """Await all; None for each that is not answered in time, and is given up.

    Raises what the first one raises that fails, once all have ended.
    """
    tasks = [asyncio.create_task(each) for each in questions]
    if not tasks:
        return []
    try:
        await asyncio.wait(tasks, timeout=seconds)
        late = [task for task in tasks if not task.done()]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return [None if task in late or task.cancelled() else task.result() for task in tasks]

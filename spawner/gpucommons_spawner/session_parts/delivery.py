"""Shows notices in sessions."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from gpucommons_contract import Notice
from sqlalchemy.exc import SQLAlchemyError
from tornado.httpclient import HTTPClientError

NOT_SHOWN = (HTTPClientError, OSError, LookupError)
"""What a call to a session may raise: refused, no answer, or nobody to make it."""
_AGAIN_SECONDS = 30.0
"""After which a notice is sent again that did not arrive."""
_AT_ONCE = 20
"""Sessions that are told something at the same time, so that the hub keeps answering others."""
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


class NotifiedSpawner(Protocol):
    """What is asked of the spawner in whose session notices are shown."""

    show_notice: Callable[[Any, Notice], Awaitable[None]] | None
    log: logging.Logger
    _log_name: str

    @property
    def ready(self) -> bool:
        """Whether the session can be used."""


async def deliver(
    spawner: NotifiedSpawner, current: Callable[[], Notice | None], what: str
) -> bool:
    """Show a notice, again and again until it has arrived, as it is each time.

    ``current`` returns None once there is nothing left to show; ``what`` is for the log. Return
    whether the session shows something.
    """
    while show := spawner.show_notice:
        try:
            async with _turn():
                notice = current()
                if notice:
                    await show(spawner, notice)
        except (*NOT_SHOWN, SQLAlchemyError) as error:
            spawner.log.warning(
                "%s could not be shown %s, again in %d s: %s",
                spawner._log_name,
                what,
                _AGAIN_SECONDS,
                error,
            )
            await asyncio.sleep(_AGAIN_SECONDS)
        else:
            return notice is not None
    return False


def _turn() -> asyncio.Semaphore:
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE))

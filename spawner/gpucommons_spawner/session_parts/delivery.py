"""Shows notices in sessions."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from gpucommons_contract import Notice
from sqlalchemy.exc import SQLAlchemyError
from tornado.httpclient import HTTPClientError

NOT_SHOWN = (HTTPClientError, OSError, LookupError)
"""What a call to a session may raise: refused, no answer, or nobody to make it."""
_AGAIN_SECONDS = 30.0
"""After which a notice is sent again that did not arrive."""


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
) -> None:
    """Show a notice, again and again until it has arrived, as it is each time.

    ``current`` returns None once there is nothing left to show; ``what`` is for the log.
    """
    while show := spawner.show_notice:
        try:
            if notice := current():
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
            return

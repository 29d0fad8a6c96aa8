"""Questions to the database, asked from the loop."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from gpucommons_upkeep.errors import StoreUnavailableError
from gpucommons_web.access import RefusedError

Found = TypeVar("Found")


async def read_records(call: Callable[..., Found], *given: object, **more: object) -> Found:
    """Call what asks the database, in a thread."""
    try:
        return await asyncio.to_thread(call, *given, **more)
    except StoreUnavailableError as error:
        message = "The records cannot be reached at the moment. Try again in a minute."
        raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, message) from error

"""Messages to a chat, by a webhook as Slack, Mattermost and others have them."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path

import aiohttp
from gpucommons_upkeep.mail import DeliveryError

from gpucommons_culler.messages.message import Message
from gpucommons_culler.messages.rendering import Rendering

_PATIENCE_S = 15.0
_LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


class Webhook:
    """Posts to the address in a file.

    Whoever knows the address can post, so it is a secret: no error message has it.
    """

    def __init__(self, file: Path, rendering: Rendering) -> None:
        """file: read each time, so that it can be replaced."""
        self._file = file
        self._rendering = rendering

    async def deliver(self, _address: str, messages: Sequence[Message], left_out: int) -> None:
        """Post messages as one. Raises DeliveryError."""
        body = json.dumps({"text": self._rendering.chat(messages, left_out)})
        url = await self._url()
        try:
            # One connection for each: messages are minutes apart.
            async with (
                asyncio.timeout(_PATIENCE_S),
                aiohttp.ClientSession(trust_env=True) as client,
                client.post(
                    url,
                    data=body.encode(),
                    headers={"Content-Type": "application/json"},
                    allow_redirects=False,
                ) as response,
            ):
                status, asked = response.status, response.headers.get("Retry-After", "")
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            # Not its text, in which the address may be.
            raise DeliveryError(f"no answer: {type(error).__name__}") from None
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return
        later = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _LATER
        raise DeliveryError(
            f"the receiver answered {status}", hopeless=not later, retry_after=_seconds(asked)
        )

    async def _url(self) -> str:
        try:
            return (await asyncio.to_thread(self._file.read_text)).strip()
        except (OSError, ValueError) as error:
            raise DeliveryError(f"{self._file}: {type(error).__name__}") from error


def _seconds(retry_after: str) -> float | None:
    """Read a header Retry-After: seconds, or a date."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        when = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    zoned = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (zoned - datetime.now(UTC)).total_seconds())

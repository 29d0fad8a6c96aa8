"""Messages by mail."""

from collections.abc import Sequence

from gpucommons_upkeep.mail import Mailer

from gpucommons_culler.messages.message import Message
from gpucommons_culler.messages.rendering import Rendering


class Mail:
    """Writes messages and hands them in."""

    def __init__(self, mailer: Mailer, rendering: Rendering) -> None:
        self._mailer = mailer
        self._rendering = rendering

    async def deliver(self, address: str, messages: Sequence[Message], left_out: int) -> None:
        """Send messages as one mail. Raises DeliveryError."""
        await self._mailer.send(address, self._rendering.letter(messages, left_out))

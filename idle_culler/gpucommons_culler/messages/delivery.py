"""How the delivery of messages fails, whatever the way they go."""

from collections.abc import Awaitable, Callable, Sequence

from gpucommons_culler.messages.message import Message

Deliver = Callable[[str, Sequence[Message], int], Awaitable[None]]
"""Delivers messages to one address, together, with the number of those that found no room.

Raises DeliveryError.
"""


class DeliveryError(Exception):
    """Messages did not arrive. The text has no secret in it.

    hopeless: it would fail the same way again. retry_after: seconds that the receiver wants to
    be left alone; None if it said nothing.
    """

    def __init__(
        self, text: str, *, hopeless: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(text)
        self.hopeless = hopeless
        self.retry_after = retry_after

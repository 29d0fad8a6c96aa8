"""Messages to people and administrators outside a session, and who delivers them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Topic(StrEnum):
    """What a message is about; its templates are named after it."""

    WARNED = "warned"
    CANCELLED = "cancelled"
    STOPPED = "stopped"
    RELEASED = "released"
    """Stopped, and started again without a GPU."""
    FAILED = "failed"
    """A step did not work, and is tried again."""
    TROUBLE = "trouble"
    """Something about the culler itself, such as that it cannot reach the hub."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message, to whomever. at and until are in UTC."""

    topic: Topic
    at: datetime
    reason: str
    """What is the matter: a sentence."""
    session: str = ""
    """As people call it: ``NAME`` or ``NAME/SERVER``."""
    size: str = ""
    until: datetime | None = None
    """When what it warns of comes about."""
    change: str = ""
    """What its reader can do about it: a sentence."""
    url: str = ""
    """The whole address at which that is done."""


Deliver = Callable[[str, Sequence[Message], int], Awaitable[None]]
"""Delivers messages to one address, together, with the number of those that found no room.

Raises `gpucommons_upkeep.mail.DeliveryError`.
"""

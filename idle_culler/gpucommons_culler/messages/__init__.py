"""Messages to people and administrators outside of a session: mail and chat."""

from gpucommons_culler.messages.message import Message, Topic
from gpucommons_culler.messages.messages import Messages

__all__ = ["Message", "Messages", "Topic"]

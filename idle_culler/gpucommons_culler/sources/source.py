"""What every source of signals has in common. A new one is a small class with these."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gpucommons_culler.session import Session
from gpucommons_culler.signals import SignalName


class SourceError(Exception):
    """A source could not be asked, or not in full. The text says which, and why."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source measured of a session just now."""

    name: SignalName
    active: bool
    value: str
    """For people: ``processor at 0.02 of a core``."""
    gpu_memory: int | None = None
    """Bytes that it holds on GPUs, from a source that knows."""


class Source(Protocol):
    """Something that measures sessions from outside; what it says counts fully."""

    @property
    def title(self) -> str:
        """What people call it."""

    @property
    def provides(self) -> frozenset[SignalName]:
        """What it measures of every session. Without it nothing is known to be idle."""

    async def read(
        self, sessions: Sequence[Session]
    ) -> tuple[dict[str, list[Reading]], SourceError | None]:
        """Measure all at once: readings by pod, as ``NAMESPACE/NAME``.

        A session of which nothing can be told is left out. Where a part of the source did not
        answer, the error says so beside what the rest did.
        """

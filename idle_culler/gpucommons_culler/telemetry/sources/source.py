"""What all sources of signals share. A new one is a small class with these members."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gpucommons_culler.core.session import Session
from gpucommons_culler.core.signals import SignalName


class SourceError(Exception):
    """A source could not be read, or not in full. The message says which, and why."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a source measured of a session."""

    name: SignalName
    active: bool
    value: str
    """For people: ``processor at 0.02 of a core``."""
    gpu_memory: int | None = None
    """Bytes of GPU memory that it uses, from a source that knows."""
    at: datetime | None = None
    """When it was measured, UTC, by the source's clock: a source that answers may have stopped
    measuring. None for one that measures while it is asked."""


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
    ) -> tuple[dict[str, list[Measurement]], SourceError | None]:
        """Measure all at once: readings by pod, as ``NAMESPACE/NAME``.

        A session about which nothing is known is left out. Where a part of the source did not
        answer, the error says so, next to what the rest measured.
        """


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Above these a session is in use.

    A session with an open page and idle kernels takes 0.005 to 0.02 of a core, and sends a few
    kB a second; loading data or compiling takes more than ten times of either.
    """

    cores: float = 0.05
    bytes_per_second: float = 50_000.0

    def processor(self, cores: float) -> Measurement:
        """Judge processor time, in cores."""
        text = f"processor at {cores:.2f} of a core"
        return Measurement(SignalName.PROCESSOR, cores > self.cores, text)

    def network(self, bytes_per_second: float) -> Measurement:
        """Judge what it sends and receives together."""
        text = f"network at {bytes_per_second / 1000:,.0f} kB/s"
        return Measurement(SignalName.NETWORK, bytes_per_second > self.bytes_per_second, text)

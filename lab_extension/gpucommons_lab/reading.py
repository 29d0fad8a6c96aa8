"""One look at the GPUs, and what takes it."""

from dataclasses import dataclass
from typing import Protocol

from gpucommons_contract import GPU, TelemetryState


@dataclass(frozen=True, slots=True)
class Reading:
    """What one look at the driver gave. ``reason`` is a sentence unless the state is ok."""

    state: TelemetryState
    reason: str | None = None
    gpus: tuple[GPU, ...] = ()


class Reader(Protocol):
    """Something that looks at the GPUs; used by one thread only."""

    def read(self) -> Reading:
        """Look once. A failing driver is a reading, not an exception."""

    def read_at_leisure(self) -> None:
        """Take a part of what takes time, for readings to come. Called between two of them."""

    def close(self) -> None:
        """Let go of the driver; a later ``read`` opens it again."""

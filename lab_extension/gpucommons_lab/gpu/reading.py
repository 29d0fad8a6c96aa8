"""One reading of the GPUs, and what takes it."""

from dataclasses import dataclass
from typing import Protocol

from gpucommons_contract import GPU, TelemetryState

_LATE_FACTOR, _LATE_SECONDS = 1.5, 1.0
"""A reading counts for the time since the one before, if that is at most this many times as long
as readings are apart, and this many seconds more."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the driver gave at one moment. ``reason`` is a sentence unless the state is ok."""

    state: TelemetryState
    reason: str | None = None
    gpus: tuple[GPU, ...] = ()


def is_gap(seconds: float, apart: float) -> bool:
    """Whether a reading so long after the one before says nothing of the time between them.

    ``apart`` is how many seconds they should be apart. A busy machine is late; a driver that hung
    left a gap.
    """
    return seconds > _LATE_FACTOR * apart + _LATE_SECONDS


class Reader(Protocol):
    """Something that reads the GPUs; used by one thread only."""

    def read(self) -> Reading:
        """Read once. A failing driver is a reading, not an exception."""

    def read_at_leisure(self) -> None:
        """Read a part of what takes time, for later readings. Called between two of them."""

    def close(self) -> None:
        """Release the driver; a later ``read`` opens it again."""

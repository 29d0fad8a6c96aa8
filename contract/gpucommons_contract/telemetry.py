"""Shapes of the GPU telemetry that a session serves to its panel.

A figure that the driver does not support is ``None``: left out, never zero.

Plain dataclasses: a session is started by somebody who waits, and importing
pydantic would take a twentieth of that time. A reader on the other side can
validate with ``pydantic.TypeAdapter(TelemetryFrame).validate_json``.
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum


class TelemetryState(StrEnum):
    """Whether the session can read its GPUs."""

    OK = "ok"
    NO_GPU = "no-gpu"
    """The session asked for no GPU, and sees none."""
    FAILED = "failed"
    """The session has a GPU, but it or a part of it cannot be read; ``reason`` says why.

    ``gpus`` still holds what could be read.
    """


@dataclass(frozen=True, slots=True)
class GPUMemory:
    """Memory of one device in bytes, as NVML counts it."""

    used: int
    total: int


@dataclass(frozen=True, slots=True)
class GPUProcess:
    """One process on a device. ``pid`` is the number that NVML gives."""

    pid: int
    memory: int | None = None  # bytes


@dataclass(frozen=True, slots=True)
class GPU:
    """One device that the session sees."""

    index: int
    uuid: str
    name: str
    utilization: int | None = None  # percent
    memory: GPUMemory | None = None
    power: float | None = None  # watts
    power_limit: float | None = None  # watts
    temperature: int | None = None  # degrees Celsius
    processes: tuple[GPUProcess, ...] | None = None


@dataclass(frozen=True, slots=True)
class TelemetryFrame:
    """All GPUs of a session at one moment.

    reason is a sentence for a person, unless the state is ok; gpu_mode comes
    from the session's label.
    """

    time: float  # seconds since the Unix epoch
    state: TelemetryState
    interval: float  # seconds until the next frame
    reason: str | None = None
    gpu_mode: str | None = None
    gpus: tuple[GPU, ...] = ()

    def to_json(self) -> str:
        """Write the frame as one line of JSON."""
        return json.dumps(asdict(self))

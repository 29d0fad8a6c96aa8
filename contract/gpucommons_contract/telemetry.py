"""Shapes of the GPU telemetry that a session serves to its panel.

A figure that the driver does not support is ``None``: left out, never zero.
"""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TelemetryState(StrEnum):
    """Whether the session can read its GPUs."""

    OK = "ok"
    NO_GPU = "no-gpu"
    """The session asked for no GPU, and sees none."""
    FAILED = "failed"
    """The session has a GPU, but it or a part of it cannot be read; ``reason`` says why.

    ``gpus`` still holds what could be read.
    """


class GPUMemory(_Shape):
    """Memory of one device in bytes, as NVML counts it."""

    used: int = Field(ge=0)
    total: int = Field(gt=0)


class GPUProcess(_Shape):
    """One process on a device. ``pid`` is the number that NVML gives."""

    pid: int = Field(ge=0)
    memory: int | None = Field(default=None, ge=0, description="bytes")


class GPU(_Shape):
    """One device that the session sees."""

    index: int = Field(ge=0)
    uuid: str
    name: str
    utilization: int | None = Field(default=None, ge=0, le=100, description="percent")
    memory: GPUMemory | None = None
    power: float | None = Field(default=None, ge=0, description="watts")
    power_limit: float | None = Field(default=None, ge=0, description="watts")
    temperature: int | None = Field(default=None, description="degrees Celsius")
    processes: tuple[GPUProcess, ...] | None = None


class TelemetryFrame(_Shape):
    """All GPUs of a session at one moment."""

    time: float = Field(description="seconds since the Unix epoch")
    state: TelemetryState
    reason: str | None = Field(default=None, description="a sentence for a person, unless ok")
    interval: float = Field(gt=0, description="seconds between frames")
    gpu_mode: str | None = Field(default=None, description="from the session's label")
    gpus: tuple[GPU, ...] = ()

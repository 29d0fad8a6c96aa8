"""Environment variables that the spawner sets inside every session.

They tell a session what it was given; what it was *meant* to get and what its
driver shows are compared there, so that a missing GPU is not called "no GPU".
"""

from enum import StrEnum


class SessionVariable(StrEnum):
    """Names of variables in the session's environment."""

    GPU_MODE = "GPUCOMMONS_GPU_MODE"
    """As the label ``gpu-mode``: ``exclusive``, ``mps`` …; empty or unset without a GPU."""
    GPU_UNITS = "GPUCOMMONS_GPU_UNITS"
    """As the label ``gpu-units``: GPUs charged, a decimal; ``0`` without a GPU."""
    GPU_PROCESSES_URL = "GPUCOMMONS_GPU_PROCESSES_URL"
    """Where the node's agent tells a session its processes' PIDs; unset without agent or GPU."""
    SESSION = "GPUCOMMONS_SESSION"
    """A `SessionInfo` as JSON: what was picked, for its panel to show."""

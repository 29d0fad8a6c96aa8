"""What a session is, in the words of the catalogue: what was picked, and how long it lasts.

The spawner writes it into the environment variable ``SessionVariable.SESSION`` as JSON; the session
serves it to its panel. A session that the spawner did not start knows nothing of it.
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum


class SessionVariable(StrEnum):
    """Environment variables that the spawner sets inside every session.

    They say what a session was given. What it was *meant* to get and what its driver shows are
    compared there, so that a missing GPU is not called "no GPU".
    """

    GPU_MODE = "GPUCOMMONS_GPU_MODE"
    """As the label ``gpu-mode``: ``exclusive``, ``mps`` …; empty or unset without a GPU."""
    GPU_UNITS = "GPUCOMMONS_GPU_UNITS"
    """As the label ``gpu-units``: GPUs charged, a decimal; ``0`` without a GPU."""
    GPU_PROCESSES_URL = "GPUCOMMONS_GPU_PROCESSES_URL"
    """Where the node's agent serves a session's PIDs on the node; unset without agent or GPU."""
    FILES_URL = "GPUCOMMONS_FILES_URL"
    """Where the service of earlier files is, such as ``http://earlier-files.gpucommons.svc/services/files``;
    unset without it."""
    TEAM_FOLDER = "GPUCOMMONS_TEAM_FOLDER"
    """Where the session has the folder of its team, such as ``/home/jovyan/team``; unset without
    it."""
    SESSION = "GPUCOMMONS_SESSION"
    """A `SessionInfo` as JSON: what was picked, for its panel to show."""
    LAB_NAME = "GPUCOMMONS_LAB_NAME"
    """What pages call the installation; unset where that is not known."""
    LANGUAGE = "GPUCOMMONS_LANGUAGE"
    """Language of the page that it was started from, such as ``de``; unset: English."""


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """Names are for people to read. Times of a session are spans, in seconds, from its start."""

    environment: str
    version: str
    size: str
    team: str
    server: str = ""
    """Name of the named server; empty for the default one."""
    longest: int | None = None
    """Seconds after which Kubernetes ends it; None is without end."""
    idle_warn_after: int | None = None
    """Seconds idle after which its person is warned; None is never, or not known."""
    idle_stop_after: int | None = None
    """Seconds idle after which it is stopped; None is never, or not known."""

    def to_json(self) -> str:
        """Write it as one line of JSON."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """What a session reports about itself. Times are seconds since the Unix epoch."""

    session: SessionInfo | None
    """None if the spawner of GPU Commons did not start it."""
    started: float
    """Since when its server runs."""
    ends: float | None = None
    """When Kubernetes ends it at the latest; None is never, or not known.

    Kubernetes counts from when the session came to its node: where an image had to be
    fetched first, it ends that much sooner. The hub, which knows the moment, sends a
    `Notice` in time.
    """

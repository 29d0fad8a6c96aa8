"""Names of the labels and annotations that every session pod carries.

The spawner writes them; culler, accounting, dashboards, network policies and
Gatekeeper read them and so need no spawner.
"""

from enum import StrEnum

PREFIX = "gpucommons.io/"


class Label(StrEnum):
    """Labels: short, selectable, at most 63 characters of ``[A-Za-z0-9_.-]``."""

    TEAM = PREFIX + "team"
    ENVIRONMENT = PREFIX + "environment"
    VERSION = PREFIX + "version"
    SIZE = PREFIX + "size"
    GPU_MODE = PREFIX + "gpu-mode"
    GPU_UNITS = PREFIX + "gpu-units"
    """GPUs charged to the session, a decimal such as ``0.25``; ``0`` without a GPU."""


class Annotation(StrEnum):
    """Annotations: free text, not selectable."""

    USER = PREFIX + "user"
    """The JupyterHub user name, unescaped."""
    SERVER = PREFIX + "server"
    """The name of the named server; empty for the default one."""

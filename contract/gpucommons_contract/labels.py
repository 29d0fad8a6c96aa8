"""Names of the labels and annotations that sessions, workspaces and teams carry.

The spawner and the account commands write them; culler, accounting, dashboards,
network policies and Gatekeeper read them and so need neither.
"""

from enum import StrEnum

PREFIX = "gpucommons.io/"


class Label(StrEnum):
    """Labels: short, selectable, at most 63 characters of ``[A-Za-z0-9_.-]``."""

    TEAM = PREFIX + "team"
    """On a session its team; on a namespace, that it is this team's own."""
    ENVIRONMENT = PREFIX + "environment"
    VERSION = PREFIX + "version"
    SIZE = PREFIX + "size"
    GPU_MODE = PREFIX + "gpu-mode"
    GPU_UNITS = PREFIX + "gpu-units"
    """GPUs charged to the session, a decimal such as ``0.25``; ``0`` without a GPU."""
    TEAM_ADDITION = PREFIX + "team-addition"
    """On an object in a team's namespace: the installation's file of additions made it."""
    QUOTA_GRANT = PREFIX + "quota-grant"
    """On a ConfigMap: it is a quota grant, for a ``user`` or for a ``team``."""
    STANDING_NOTICE = PREFIX + "standing-notice"
    """On a ConfigMap: it is a notice to sessions that start, of ``everybody`` or of ``some``."""


class Annotation(StrEnum):
    """Annotations: free text, not selectable."""

    USER = PREFIX + "user"
    """The JupyterHub user name, unescaped."""
    SERVER = PREFIX + "server"
    """The name of the named server; empty for the default one."""
    DISPLAY_NAME = PREFIX + "display-name"
    """On a team's namespace: the team's name for people to read."""
    STORAGE_CLASS = PREFIX + "storage-class"
    """On a team's namespace: the storage class of its workspaces; without it the cluster's."""
    RETAIN_UNTIL = PREFIX + "retain-until"
    """On a workspace whose owner left: the day, such as ``2027-01-31``, until which it is kept."""

"""What a session is, in the words of the catalogue: what was picked, and how long it lasts.

The spawner writes it into the environment variable ``SessionVariable.SESSION`` as JSON; the session
serves it to its panel. A session that the spawner did not start knows nothing of it.
"""

import json
from dataclasses import asdict, dataclass


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
    """What a session answers about itself. Times are seconds since the Unix epoch."""

    session: SessionInfo | None
    """None where the spawner of GPU Commons did not start it."""
    started: float
    """Since when its server runs."""
    ends: float | None = None
    """When Kubernetes ends it at the latest; None is never, or not known.

    Kubernetes counts from when the session came to its node: where an image had to be
    fetched first, it ends by so much sooner. The hub, which knows the moment, sends a
    `Notice` in time.
    """

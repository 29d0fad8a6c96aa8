"""A session as the culler knows it."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from gpucommons_contract.words import ENGLISH


class SessionKey(NamedTuple):
    """Identifies one run of a server: the same server started again is another run."""

    user: str
    server: str
    """Name of the named server; empty for the default one."""
    started: datetime
    """UTC."""

    @property
    def name(self) -> str:
        """What people call it: ``NAME``, or ``NAME/SERVER`` for a named server."""
        return f"{self.user}/{self.server}" if self.server else self.user

    @property
    def logged(self) -> dict[str, str]:
        """What lines about it say of it."""
        return {"user": self.user, "session": self.name}


@dataclass(frozen=True, slots=True)
class Session:
    """One server that runs, as the hub lists it."""

    key: SessionKey
    url: str
    """The path below the hub's public address, such as ``/user/NAME/SERVER/``."""
    team: str
    environment: str
    version: str
    size: str
    last_activity: datetime | None = None
    """When something last went through the proxy, or the session said so; UTC. An open page
    that reconnects counts too, so it is shown and never decides."""
    options: dict[str, str] = field(default_factory=dict)
    """What the person picked, as the hub keeps it."""
    pod: str = ""
    """Where it runs, as ``NAMESPACE/NAME``; empty where that is not known."""
    address: str = ""
    """Where the hub reaches it, such as ``http://10.0.0.7:8888``; empty if that is not known."""
    gpus: Decimal = Decimal(0)
    """GPUs charged; 0 without one."""
    language: str = ENGLISH
    """What its person reads, such as ``de``."""

    @property
    def logged(self) -> dict[str, str]:
        """What lines about it say of it."""
        pod = self.pod.rpartition("/")[2]
        return {**self.key.logged, "team": self.team, "pod": pod}

"""What was learnt about a session, one fact at a time."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from types import MappingProxyType


class Source(StrEnum):
    """Who knows it."""

    KUBELET = "kubelet"
    """The node's own record of a container: exact to the second, also after the fact."""
    API_SERVER = "api-server"
    HUB = "hub"
    CULLER = "culler"
    TELEMETRY = "telemetry"
    """Samples of the session's GPU: known to within the time between two of them."""
    ACCOUNTING = "accounting"
    """Accounting itself, which looked and found it gone."""
    IMPORT = "import"
    """A file of sessions that another installation recorded, or that were before this one."""


class EventKind(StrEnum):
    """What happened, in the order in which it usually does."""

    ASKED = "asked"
    """Somebody pressed *Start*."""
    CREATED = "created"
    """The pod was made. Its payload says whose session it is, and what was chosen."""
    ADMITTED = "admitted"
    """Kueue let it through."""
    BOUND = "bound"
    """It has its node, and holds its GPUs. The payload has node and product."""
    READY = "ready"
    STOPPING = "stopping"
    """It was asked to end, and still holds its GPUs."""
    NODE_LOST = "node-lost"
    """Its node has not been heard of since, so it was of no use to anybody."""
    ENDED = "ended"
    """It holds its GPUs no longer."""
    MISSING = "missing"
    """It was there at that moment, and gone by the one that the payload has as ``by``."""
    SEEN = "seen"
    """It is there after all, although it was missing before."""
    REASON = "reason"
    """Why it ended: whichever are known of ``code``, ``sentence`` and ``by``."""


_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One fact. The same one may be learnt repeatedly, late, and in any order."""

    source: Source
    kind: EventKind
    uid: str
    """The pod's uid: the session's identity. Names come back, uids do not."""
    at: datetime
    """When it happened, by the clock of its source; aware."""
    payload: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    learnt: datetime | None = None
    """When it was first learnt, by accounting's own clock; None if just now."""
    kept_as: str = ""
    """Its key, where it was kept already: it is the same."""

    def __post_init__(self) -> None:
        """Raise ValueError for a moment that has no time zone."""
        if self.at.tzinfo is None:
            raise ValueError(f"{self.kind} of {self.uid} is at {self.at}, which has no time zone")

    @property
    def key(self) -> str:
        """What makes it one fact: learnt again, it changes nothing."""
        if self.kept_as:
            return self.kept_as
        said = blake2b(json.dumps(dict(self.payload), sort_keys=True).encode(), digest_size=8)
        return f"{self.source}/{self.kind}/{self.uid}/{self.at.timestamp():.6f}/{said.hexdigest()}"

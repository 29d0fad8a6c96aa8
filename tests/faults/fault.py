"""The ways in which a server that a program talks to may go wrong, and what one play of them is."""

import re
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """What a server does instead of answering as it should."""

    ERROR = "500"
    BUSY = "429"
    BUSY_RETRY_AFTER = "429 with Retry-After"
    FORBIDDEN = "403"
    NOT_FOUND = "404 that is no answer of the server's own"
    EMPTY = "an empty list"
    HALF = "half of a list"
    CUT = "a body that is cut"
    PAGE = "a page of HTML"
    OTHER_JSON = "JSON of another type"
    DRIP = "a slow drip"
    SILENCE = "silence"
    REFUSED = "refused connections"
    OLD = "an old list"
    WATCH_ENDS = "watches that end at once"
    WATCH_EXPIRED = "watches that say 410"


OF_ANY_SERVER = tuple(each for each in Fault if each not in {Fault.WATCH_ENDS, Fault.WATCH_EXPIRED})
"""Those that make sense of a server without watches."""


class DatabaseFault(StrEnum):
    """What a database's connections do."""

    CUT = "cut connections"
    STALL = "stalled connections"
    REFUSED = "refused connections"


@dataclass(slots=True)
class Play:
    """One fault that is played: for which requests, and how often (None: until it is healed)."""

    fault: Fault
    path: str = ""
    """A regular expression that is searched in ``METHOD /path?query``."""
    times: int | None = None
    pattern: "re.Pattern[str]" = field(init=False)

    def __post_init__(self) -> None:
        self.pattern = re.compile(self.path)


@dataclass(frozen=True, slots=True)
class Played:
    """What was played: seconds since the epoch, the server's name, the fault, the request."""

    at: float
    server: str
    fault: str
    request: str

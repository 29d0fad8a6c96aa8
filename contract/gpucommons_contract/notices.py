"""What a session is told to show to the person who works in it."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum


class NoticeLevel(StrEnum):
    """How urgent a notice is; Lab shows each in its own colour and with its own icon."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. A later one with the same ``id`` replaces it.

    text is one or two plain sentences. ends_at, in seconds since the Unix epoch, is when what
    it warns of comes about: Lab counts down to it and keeps the notice until then.
    """

    id: str
    text: str
    level: NoticeLevel = NoticeLevel.INFO
    ends_at: float | None = None

    def to_json(self) -> str:
        """Write the notice as one line of JSON."""
        return json.dumps(asdict(self))

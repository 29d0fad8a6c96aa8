"""What a session is told to show to the person who works in it."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum

LONGEST_NOTICE_ID = 64
"""Characters."""
LONGEST_NOTICE = 1000
"""Characters of a notice's text: it is one or two sentences, not a page."""


class NoticeLevel(StrEnum):
    """How urgent a notice is; Lab shows each in its own colour and with its own icon."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class NoticeChoice:
    """One answer that a notice offers: a button. ``label`` is what stands on it."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. A later one with the same ``id`` replaces it.

    text is one or two plain sentences. ends_at, in seconds since the Unix epoch, is when what
    it warns of comes about: Lab counts down to it and keeps the notice until then.

    Who sends a notice with choices looks for the answer in the session's list of notices, does
    what was chosen, and then withdraws the notice or puts another in its place, which says
    what came of it. The answer is a wish of the session: its sender knows what is allowed.
    """

    id: str
    text: str
    level: NoticeLevel = NoticeLevel.INFO
    ends_at: float | None = None
    choices: tuple[NoticeChoice, ...] = ()
    answer: str | None = None
    """The id of what the person chose. Set by the session, never by who sends the notice."""

    def to_json(self) -> str:
        """Write the notice as one line of JSON, for a session to show.

        Without choices nothing is said of them: a session of an older image knows none.
        """
        said = asdict(self)
        del said["answer"]
        if not self.choices:
            del said["choices"]
        return json.dumps(said)

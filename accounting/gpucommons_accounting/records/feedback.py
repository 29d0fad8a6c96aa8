"""What somebody answers when asked how it goes, once a quarter."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

SCALE = range(1, 6)
"""From very poor to very good."""
NOT_USED = 0
"""In place of a rating: the person has not used it."""
LONGEST_TEXT = 1000
"""Characters of the free text."""
SESSIONS_BEFORE = 3
"""After as many sessions somebody is asked for the first time."""


class Topic(StrEnum):
    """What is asked about, in the order of the form."""

    SIGN_IN = "sign-in"
    """Signing in and first steps."""
    GPU_SESSIONS = "gpu-sessions"
    """How sessions with a GPU respond."""
    FILES = "files"
    """Files, and getting them back."""
    ENVIRONMENTS = "environments"
    """Changing to another environment."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One person's answer in one quarter."""

    ratings: Mapping[Topic, int] = field(default_factory=dict)
    """Of `SCALE`, or `NOT_USED`; without the topics that were left open."""
    text: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said."""
        return not self.ratings and not self.text


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one person in one quarter."""

    quarter: str
    """Its name, such as ``2026-Q4``."""
    at: datetime
    answer: Answer | None
    """None: they did not want to be asked."""

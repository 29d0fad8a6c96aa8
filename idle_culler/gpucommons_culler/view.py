"""What is shown of a session."""

from dataclasses import dataclass
from datetime import timedelta

from gpucommons_culler.decision import Decision, Facts
from gpucommons_culler.rule import IdleRule
from gpucommons_culler.session import Session


@dataclass(frozen=True, slots=True)
class View:
    """One session as it was judged last."""

    session: Session
    rule: IdleRule
    facts: Facts
    decision: Decision
    keep_left: timedelta
    """For how long it may still be kept."""
    silence: str | None
    """Why it did not say what it does, if it was asked and did not."""

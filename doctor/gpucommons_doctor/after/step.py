"""What a step is, how it fails, and what is kept of it."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from gpucommons_doctor.finding import Finding

Tell = Callable[[str], None]
"""Takes what happens within a step, in words, while it lasts."""
NOT_TRIED = "not tried"


class StepFailedError(Exception):
    """A step did not do what it must: what was seen, and what to do about it."""

    def __init__(self, seen: str, advice: str) -> None:
        super().__init__(seen)
        self.seen, self.advice = seen, advice


class Step(ABC):
    """One thing that a person does with a session. What it needs is given when it is made."""

    name: ClassVar[str]
    question: ClassVar[str]
    """What it answers, in one sentence."""

    @abstractmethod
    async def run(self, tell: Tell) -> str:
        """Do it; returns what was seen, a full sentence. Raises StepFailedError."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a step, and after how many seconds. Without a finding it was not tried."""

    step: Step
    finding: Finding | None = None
    seconds: float = 0.0

    @property
    def state(self) -> str:
        """The finding's state, or that there is none."""
        return str(self.finding.state) if self.finding else NOT_TRIED

    def as_json(self) -> dict[str, object]:
        """Turn into what ``--json`` prints."""
        return {
            "name": self.step.name,
            "question": self.step.question,
            "state": self.state,
            "seconds": round(self.seconds, 1),
            "found": self.finding.found if self.finding else "",
            "advice": self.finding.advice if self.finding else "",
        }

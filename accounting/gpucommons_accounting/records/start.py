"""One press of *Start* and what became of it, as the hub tells it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from gpucommons_contract.told import UNMET_REFUSALS, StartFault, StartOutcome


@dataclass(frozen=True, slots=True)
class Start:
    """All moments are in UTC; names are those of then."""

    start: str
    """Its id."""
    person: str
    server: str
    team: str
    environment: str
    size: str
    units: Decimal
    """GPUs that were asked for."""
    asked: datetime
    at: datetime
    """When that became of it."""
    outcome: StartOutcome
    why: str
    """One word: what refused it, or what it came to nothing by."""
    fault: StartFault
    sentence: str
    """What its person read."""
    uid: str
    """Its pod's; empty if it had none."""

    @property
    def lasted(self) -> timedelta:
        """How long it took until that became of it; never negative."""
        return max(self.at - self.asked, timedelta())

    @property
    def unmet(self) -> bool:
        """Whether more room, or more for that person or team, would have helped."""
        if self.outcome is StartOutcome.REFUSED:
            return self.why in UNMET_REFUSALS
        return self.outcome is StartOutcome.GIVEN_UP and self.fault is StartFault.CAPACITY

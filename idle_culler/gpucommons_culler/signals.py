"""What was measured of a session, each fact with its source, its age and how far it is trusted."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SignalName(StrEnum):
    """What a signal looks at."""

    GPU = "gpu"
    """Work on the session's GPUs."""
    PROCESSOR = "processor"
    NETWORK = "network"
    KERNELS = "kernels"
    """Cells that run, and when the last one did."""
    TERMINALS = "terminals"
    """Programs that run in terminals."""
    EDITING = "editing"
    """What the person does in a document or in VS Code."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One measured fact about a session's use. All moments are in UTC.

    It says since when it was watched without a gap, and when it last saw activity in that
    time: what was not watched is not known, and so never counts as idle.
    """

    name: SignalName
    source: str
    """Who measured, for people: ``the node``, ``DCGM``, ``the session``."""
    trusted: bool
    """Whether it counts fully. What a session says of itself counts only up to a bound."""
    measured_at: datetime
    watched_since: datetime
    active_at: datetime | None
    """The last moment with activity; None if there was none since ``watched_since``."""
    value: str
    """What was measured, for people: ``0 % at most``, ``train.ipynb runs a cell``."""

    @property
    def quiet_since(self) -> datetime:
        """From when on it is known to be idle."""
        return max(self.watched_since, self.active_at or self.watched_since)

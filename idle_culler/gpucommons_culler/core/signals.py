"""What was measured of a session, each fact with its source, its age and how far it is trusted."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

THE_SESSION = "the session"
"""The source of what a session says of itself."""

FRESH = timedelta(minutes=3)
"""A measurement that is older, or from a future that a clock's step left behind, says nothing
about now."""


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
    """What measured it, for people: ``the node``, ``DCGM``, ``the session``."""
    trusted: bool
    """Whether it counts fully. What a session says of itself counts only up to a bound."""
    measured_at: datetime
    watched_since: datetime
    active_at: datetime | None
    """The last moment with activity; None if there was none since ``watched_since``."""
    value: str
    """What was measured last, for people: ``0 % at most``, ``train.ipynb runs a cell``."""
    active_value: str = ""
    """What was measured at ``active_at``; empty where that is not known."""

    @property
    def quiet_since(self) -> datetime:
        """From when on it is known to be idle."""
        return max(self.watched_since, self.active_at or self.watched_since)


def to_json(signals: Iterable[Signal]) -> tuple[dict[str, Any], ...]:
    """Write signals as JSON objects; moments are in ISO 8601."""
    return tuple(
        {
            key: value.isoformat() if isinstance(value, datetime) else value
            for key, value in asdict(signal).items()
        }
        for signal in signals
    )


def from_json(records: Iterable[dict[str, Any]]) -> tuple[Signal, ...]:
    """Read what `to_json` wrote. Raises ValueError if it is something else."""
    try:
        return tuple(
            Signal(
                name=SignalName(record["name"]),
                source=str(record["source"]),
                trusted=record["trusted"] is True,
                measured_at=datetime.fromisoformat(record["measured_at"]),
                watched_since=datetime.fromisoformat(record["watched_since"]),
                active_at=record["active_at"] and datetime.fromisoformat(record["active_at"]),
                value=str(record["value"]),
                active_value=str(record.get("active_value", "")),
            )
            for record in records
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"this is not a record of a signal: {error!r}") from error

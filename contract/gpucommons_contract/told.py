"""What the hub tells accounting, which nobody else knows: what became of each start, and why a
session ended.

Each may be told repeatedly, late, and in any order: what has the same key is the same fact.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from gpucommons_contract.formats.wording import read_moment

LONGEST_TOLD = 1000
"""Characters of a text in a fact; what is longer is cut off."""
LONGEST_ID = 64
"""Characters of ids and of single words in a fact."""
_SHORT = ("start", "uid", "why")
_MOST_UNITS = 1024


class ToldError(ValueError):
    """What was told is no such fact; the text says why."""


class StartOutcome(StrEnum):
    """What became of a start."""

    READY = "ready"
    """People could get in."""
    REFUSED = "refused"
    """Nothing was made: ``why`` says what did not allow it."""
    GIVEN_UP = "given-up"
    """It waited for room, and came to an end without any: whoever waited had enough of it, or the
    hub gave up for them."""
    FAILED = "failed"
    """It had all that it needed, and did not become ready."""


class StartFault(StrEnum):
    """Whose fault it is that a start came to nothing."""

    NOBODY = ""
    PLATFORM = "platform"
    PERSON = "person"
    CAPACITY = "capacity"


class EndReason(StrEnum):
    """Who ended a session, as far as the hub knows; accounting's word for each is the same."""

    PERSON = "person"
    ADMINISTRATOR = "administrator"
    IDLE = "idle"
    REMOVED = "removed"
    START_FAILED = "start-failed"


@dataclass(frozen=True, slots=True)
class ToldStart:
    """One press of *Start*, and what became of it."""

    start: str
    """Its id, of which there is no other."""
    person: str
    server: str
    asked: datetime
    at: datetime
    """When that became of it."""
    outcome: StartOutcome
    team: str = ""
    size: str = ""
    environment: str = ""
    units: Decimal = Decimal(0)
    """GPUs that were asked for."""
    why: str = ""
    """One word: what refused it, or what it came to nothing by. See `WHY`."""
    fault: StartFault = StartFault.NOBODY
    sentence: str = ""
    """What its person read."""
    uid: str = ""
    """Its pod's uid; empty if it had none."""

    @property
    def key(self) -> str:
        """What makes it one fact."""
        return f"start/{self.start}"

    def as_json(self) -> dict[str, Any]:
        """Write it for `read_told`."""
        return {"kind": "start", **_texts(asdict(self))}


@dataclass(frozen=True, slots=True)
class ToldEnd:
    """Why a session ends, or has ended."""

    uid: str
    at: datetime
    reason: EndReason | None = None
    """None where the hub knows no more than the pod itself says."""
    sentence: str = ""
    """What its person read; empty if nothing."""
    by: str = field(default="")
    """Who ended it, by name; empty for nobody in particular."""

    @property
    def key(self) -> str:
        """What makes it one fact."""
        return f"end/{self.uid}"

    def as_json(self) -> dict[str, Any]:
        """Write it for `read_told`."""
        return {"kind": "end", **_texts(asdict(self))}


@dataclass(frozen=True, slots=True)
class ToldGone:
    """A session's pod is gone, after a stop of the hub's."""

    uid: str
    at: datetime
    """When that was known."""

    @property
    def key(self) -> str:
        """What makes it one fact."""
        return f"gone/{self.uid}"

    def as_json(self) -> dict[str, Any]:
        """Write it for `read_told`."""
        return {"kind": "gone", **_texts(asdict(self))}


Told = ToldStart | ToldEnd | ToldGone
_FORMS: Mapping[str, type[Told]] = {"start": ToldStart, "end": ToldEnd, "gone": ToldGone}

WHY: Mapping[str, str] = {
    "quota": "all that the person or the team may have at once is taken",
    "budget": "all that the person or the team may use is used",
    "team-quota": "the team's namespace has no more room",
    "full": "no GPU became free",
    "workspace": "its files are in use on a node without room",
    "person": "whoever waited stopped it",
    "options": "the catalogue does not allow it",
    "interrupted": "the hub ended meanwhile",
    "timeout": "it did not answer in time",
}
"""Words of ``why`` that pages explain. What else there is, is the hub's own word for a refusal."""
UNMET_REFUSALS = frozenset({"quota", "budget", "team-quota", "workspace"})
"""Refusals that more GPUs, or more of them for that person or team, would have spared."""


def read_told(said: object) -> Told:
    """Read a fact as JSON has it. Raises ToldError."""
    if not isinstance(said, dict):
        raise ToldError("a fact is a JSON object")
    kind = said.get("kind")
    form = _FORMS.get(kind) if isinstance(kind, str) else None
    if form is None:
        raise ToldError(f"its kind must be one of {', '.join(_FORMS)}")
    names = {each.name for each in fields(form)}
    given = {name: value for name, value in said.items() if name in names and value is not None}
    if odd := sorted(name for name, value in given.items() if not isinstance(value, str)):
        raise ToldError(f"{odd[0]} is no text")
    if long := [name for name in _SHORT if len(given.get(name, "")) > LONGEST_ID]:
        raise ToldError(f"{long[0]} has more than {LONGEST_ID} characters")
    values: dict[str, Any] = {name: value[:LONGEST_TOLD] for name, value in given.items()}
    try:
        for name, read in _READ.items():
            if name in values:
                values[name] = read(values[name])
        told = form(**values)
    except (ValueError, TypeError, InvalidOperation) as error:
        raise ToldError(f"it is no {kind} of a session: {error}") from error
    if not (told.start and told.person if isinstance(told, ToldStart) else told.uid):
        raise ToldError("it does not say what it is about")
    return told


def _units(text: str) -> Decimal:
    found = Decimal(text)
    if not (found.is_finite() and 0 <= found <= _MOST_UNITS):
        raise ValueError(f"units must be 0 to {_MOST_UNITS}")
    return found


_READ: Mapping[str, Any] = {
    "asked": read_moment,
    "at": read_moment,
    "outcome": StartOutcome,
    "fault": StartFault,
    "reason": EndReason,
    "units": _units,
}


def _texts(values: Mapping[str, Any]) -> dict[str, str | None]:
    """Write each as text, no longer than it is read."""
    return {
        name: value.isoformat()
        if isinstance(value, datetime)
        else None
        if value is None
        else str(value)[:LONGEST_TOLD]
        for name, value in values.items()
    }

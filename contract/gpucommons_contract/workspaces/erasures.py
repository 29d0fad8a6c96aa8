"""A request to erase somebody's snapshots, and how far it is: entries of one ConfigMap.

The account commands write an entry; the controller of the snapshots says which repositories are
meant; once somebody has confirmed them, it erases them for ever, and says so in the entry.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

ERASURES = "snapshot-erasures"
"""Name of the ConfigMap. Each entry has the id of its request as key."""
ERASURES_NAMESPACE = "gpucommons"


class ErasureError(ValueError):
    """An entry that cannot be read."""


class ErasureState(StrEnum):
    """How far a request is."""

    ASKED = "asked"
    """Which repositories are meant is not known yet."""
    FOUND = "found"
    """The controller has said which; nothing is done until somebody confirms them."""
    CONFIRMED = "confirmed"
    DONE = "done"
    FAILED = "failed"
    """Nothing was erased. ``says`` is why."""


@dataclass(frozen=True, slots=True)
class Doomed:
    """A repository that is to be erased."""

    name: str
    made: str
    gone: str
    """Since when its workspace is not there any more."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """One request."""

    id: str
    """Random: 12 hex digits."""
    team: str
    owner: str
    state: str = ErasureState.ASKED
    repository: str = ""
    """One of several; empty: all that the person has left in the team."""
    found: tuple[Doomed, ...] = field(default=())
    at: str = ""
    """When it was made, as of `written_moment`."""
    by: str = ""
    reason: str = ""
    says: str = ""
    """A sentence: why it has failed, what it waits for, or what is left."""
    begun: str = ""
    """When erasing was begun, as of `written_moment`. Empty once it has ended, well or not."""
    tries: str = ""
    """How often in a row it was begun and did not end: whoever erased was killed."""

    def to_json(self) -> str:
        """Write it as it is in the ConfigMap."""
        return json.dumps(asdict(self))


def read_erasure(text: str) -> Erasure:
    """Read an entry. Raises ErasureError."""
    try:
        said = json.loads(text)
        found = tuple(Doomed(**_texts(each)) for each in said.pop("found", ()))
        entry = Erasure(**_texts(said), found=found)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ErasureError("The entry is no request to erase snapshots.") from error
    if entry.state not in list(ErasureState) or not entry.team or not entry.owner:
        raise ErasureError("The request to erase snapshots has no state, team or owner.")
    return entry


def _texts(said: Mapping[str, Any]) -> dict[str, str]:
    if not all(isinstance(each, str) for each in said.values()):
        raise ErasureError("The request to erase snapshots has something that is no text.")
    return dict(said)

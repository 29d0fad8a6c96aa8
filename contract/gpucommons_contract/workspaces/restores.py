"""A request on a workspace's claim to put a snapshot back, and the answer to it.

The account commands write the request; the controller of the snapshots carries it out, writes the
answer, and takes the request away once that is final.
"""

import json
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from gpucommons_contract.formats.wording import read_moment


class RestoreError(ValueError):
    """A request or an answer that cannot be read. A full sentence."""


class RestoreState(StrEnum):
    """How far a request is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """What had come back of it is gone again."""


@dataclass(frozen=True, slots=True)
class RestoreRequest:
    """Which snapshot is to be put back. With neither ``snapshot`` nor ``at`` it is the newest."""

    id: str
    """Random; by it the answer is known."""
    snapshot: str = ""
    """Its id, or at least 8 digits of its beginning."""
    at: str = ""
    """A moment in ISO 8601: the newest snapshot that is not later."""
    repository: str = ""
    """Name of the repository; empty: the workspace's own. One of an earlier workspace of the same
    person must be named: that may have been somebody else of the same name."""
    by: str = ""
    reason: str = ""
    cancelled: bool = False
    """It is not to be carried out any more, and what was put back in part is to be removed."""

    def to_json(self) -> str:
        """Write it as it is on a claim."""
        return json.dumps({key: value for key, value in asdict(self).items() if value})

    @property
    def moment(self) -> datetime | None:
        """Return ``at``, UTC."""
        return read_moment(self.at) if self.at else None


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """What came of the request of the same id, or what it waits for."""

    id: str
    state: RestoreState
    says: str = ""
    """A sentence: why it waits, or why it has failed."""
    repository: str = ""
    snapshot: str = ""
    moment: str = ""
    """When the snapshot was taken, as of `written_moment`."""
    folder: str = ""
    """Name of the new folder in the workspace."""
    files: int = 0
    size: int = 0  # bytes
    left_out: int = 0
    """Entries that could not be read when the snapshot was taken, and so are not in it."""
    not_compared: bool = False
    """The snapshot has no list of what was there, so nobody knows whether it has all of it."""

    @property
    def is_final(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in (RestoreState.DONE, RestoreState.FAILED, RestoreState.CANCELLED)

    def to_json(self) -> str:
        """Write it as it is on a claim."""
        return json.dumps({key: value for key, value in asdict(self).items() if value})


def read_restore_request(text: str) -> RestoreRequest:
    """Read a request. Raises RestoreError."""
    found = RestoreRequest(**fields_of(RestoreRequest, text))
    try:
        _ = found.moment
    except ValueError as error:
        raise RestoreError(f"The request to put files back names no moment: {found.at}.") from error
    return found


def read_restore_result(text: str) -> RestoreResult:
    """Read an answer. Raises RestoreError."""
    found = fields_of(RestoreResult, text)
    try:
        return RestoreResult(**found | {"state": RestoreState(found.get("state", ""))})
    except ValueError as error:
        raise RestoreError("The answer to a request to put files back has no state.") from error


def fields_of(kind: type, text: str) -> dict[str, Any]:
    """Read those of JSON that are known and of their kind; ``id`` must be there.

    Raises RestoreError.
    """
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    kinds = {each.name: each.type if each.type in (int, bool) else str for each in fields(kind)}
    if not isinstance(said, dict) or not isinstance(said.get("id"), str) or not said["id"]:
        raise RestoreError("What the claim says of a request is not JSON with an id.")
    found = {name: said[name] for name in kinds if name in said}
    for name, value in found.items():
        if type(value) is not kinds[name]:
            raise RestoreError(f"What the claim says of a request has a wrong {name}.")
    return found

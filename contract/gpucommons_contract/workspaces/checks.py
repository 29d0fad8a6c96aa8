"""A request on a workspace's claim to verify its snapshots, or to take a last one, and the answer.

The account commands write the request; the controller of the snapshots carries it out, says how far
it is, writes the answer, and takes the request away once there is one.
"""

import json
import re
from dataclasses import asdict, dataclass
from enum import StrEnum

from gpucommons_contract.workspaces.restores import RestoreError, fields_of

WHOLE = "100%"
"""Part of what the store has of a workspace: all of it."""
_PART = re.compile(r"(?:100|[1-9][0-9]?)%|[1-9][0-9]{0,2}/[1-9][0-9]{0,2}")


class CheckKind(StrEnum):
    """What is asked for."""

    VERIFY = "verify"
    """What the store has is read, and the newest snapshot compared with what was there."""
    FINAL = "final"
    """A last snapshot is taken, and verified as a whole: then the workspace may be deleted."""


class CheckState(StrEnum):
    """How far a request is, or what came of it."""

    WAITING = "waiting"
    RUNNING = "running"
    GOOD = "good"
    DAMAGED = "damaged"
    """What the store has is not what was kept."""
    FAILED = "failed"
    """It could not be found out, or no snapshot was taken."""


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What is to be verified."""

    id: str
    """Random; by it the answer is known."""
    kind: str = CheckKind.VERIFY
    part: str = WHOLE
    """How much of the files' contents is read: ``5%``, or ``3/20`` for the third twentieth."""
    by: str = ""
    reason: str = ""

    def to_json(self) -> str:
        """Write it as it is on a claim."""
        return json.dumps({key: value for key, value in asdict(self).items() if value})


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What came of the request of the same id, or how far it is."""

    id: str
    state: str
    kind: str = CheckKind.VERIFY
    at: str = ""
    """When that was found out, as of `written_moment`."""
    part: str = ""
    says: str = ""
    """A sentence: why it waits, what differs, or why it has failed."""
    snapshot: str = ""
    """Id of the snapshot that was compared; empty where there is none."""
    not_compared: bool = False
    """The snapshot has no list of what was there: only that the store can be read was verified."""

    @property
    def is_final(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state not in (CheckState.WAITING, CheckState.RUNNING)

    def to_json(self) -> str:
        """Write it as it is on a claim."""
        return json.dumps({key: value for key, value in asdict(self).items() if value})


def is_part(text: str) -> bool:
    """Whether it is a part of what there is: from ``1%`` to ``100%``, or such as ``3/20``."""
    if not _PART.fullmatch(text):
        return False
    number, slash, of = text.partition("/")
    return not slash or int(number) <= int(of)


def read_check_request(text: str) -> CheckRequest:
    """Read a request. Raises RestoreError."""
    found = CheckRequest(**fields_of(CheckRequest, text))
    if found.kind not in list(CheckKind) or not is_part(found.part):
        raise RestoreError(
            "The request to verify snapshots has a kind or a part that there is not."
        )
    return found


def read_check_result(text: str) -> CheckResult:
    """Read an answer. Raises RestoreError."""
    found = fields_of(CheckResult, text)
    if found.get("state") not in list(CheckState):
        raise RestoreError("The answer to a request to verify snapshots has no state.")
    return CheckResult(**found)

"""Somebody's wish for a snapshot now, and the answer to it.

Sessions tell the service of earlier files, which has no right in the cluster. The controller of the
snapshots asks it for wishes, keeps each on the workspace's claim, and answers.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum

from gpucommons_backup.errors import BackupError


class WishError(BackupError):
    """What should be a wish, or an answer to one, cannot be read."""


class WishState(StrEnum):
    """How far a wish is."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class WishReason(StrEnum):
    """Why a wish has failed."""

    NO_WORKSPACE = "no-workspace"
    """There is none whose snapshots are taken."""
    AFTER_SESSION = "after-session"
    """One pod alone can have the volume: its snapshot is taken once the session has ended."""
    NO_SNAPSHOT = "no-snapshot"
    """It was tried. Why it did not come about is on the claim."""


@dataclass(frozen=True, slots=True)
class Wish:
    """An open wish, as the service has it."""

    id: str
    """Random; by it the answer is known."""
    team: str
    owner: str


@dataclass(frozen=True, slots=True)
class WishAnswer:
    """How far the wish of the same id is."""

    id: str
    state: str
    """A `WishState`."""
    snapshot: str = ""
    """Id of the snapshot that has what was there; empty where nothing is in the workspace."""
    reason: str = ""
    """A `WishReason`, of one that has failed."""

    @property
    def is_final(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state != WishState.WAITING

    def to_json(self) -> str:
        """Write it as it is on a claim."""
        return json.dumps(asdict(self))


def wish_from(said: object) -> Wish:
    """Read a wish of what JSON had. Raises WishError."""
    return Wish(**_texts(Wish, said))


def answer_from(said: object) -> WishAnswer:
    """Read an answer of what JSON had. Raises WishError."""
    found = WishAnswer(**_texts(WishAnswer, said))
    if found.state not in list(WishState):
        raise WishError("The answer to a wish has a state that there is not.")
    return found


def read_answer(text: str) -> WishAnswer:
    """Read an answer as it is on a claim. Raises WishError."""
    try:
        return answer_from(json.loads(text))
    except (ValueError, RecursionError):
        raise WishError("What the claim says of a wish is not JSON.") from None


def _texts(kind: type, said: object) -> dict[str, str]:
    names = {each.name for each in fields(kind)}
    if not isinstance(said, Mapping) or not said.get("id"):
        raise WishError("A wish, or the answer to one, must be an object with an id.")
    found = {name: said[name] for name in names if name in said}
    if not all(isinstance(each, str) for each in found.values()) or not _needed(kind) <= set(found):
        raise WishError("A wish, or the answer to one, lacks a text.")
    return found


def _needed(kind: type) -> set[str]:
    return {"id", "team", "owner"} if kind is Wish else {"id", "state"}

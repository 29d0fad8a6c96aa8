"""Copies the snapshots of a workspace into a second store, with all notes on them."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from gpucommons_backup.errors import RepositoryMissingError
from gpucommons_backup.notes import WORKSPACE
from gpucommons_backup.repository import Repository

_FROM = {"RESTIC_REPOSITORY": "RESTIC_FROM_REPOSITORY", "RESTIC_PASSWORD": "RESTIC_FROM_PASSWORD"}


@dataclass(frozen=True, slots=True)
class Copied:
    """What is in the second store."""

    snapshots: int
    """Of the workspace; with those of earlier days."""

    def to_json(self) -> str:
        """Write it as one line that fits a container's termination message."""
        return json.dumps(asdict(self))


def copy(environment: Mapping[str, str], *, expected: bool) -> Copied:
    """Copy what is not there yet.

    ``environment`` names the copy as restic's variables do, and what is copied by those with FROM
    in their names. ``expected``: whether something was copied before, so that the repository must
    be there. Raises BackupError.
    """
    target = Repository(environment)
    # Asked first, as a copy itself would wait for a store that is away for a quarter of an hour.
    is_there = target.exists()
    if not is_there and expected:
        raise RepositoryMissingError(
            f"The second store has no repository at {target.address}, though snapshots were copied "
            "there before: is its disk mounted, and is `copy.store` in the settings right? Nothing "
            "was made anew."
        )
    source = Repository(
        {**environment, **{name: environment[other] for name, other in _FROM.items()}}
    )
    if not source.exists():
        raise RepositoryMissingError(f"There is nothing to be copied at {source.address}.")
    if not is_there:
        target.create_for_copies()
    target.unlock()  # a lock is of a pod that was killed: the pod's name lets one run at a time
    target.copy()
    return Copied(len(target.snapshots(WORKSPACE)))

"""Which records are a workspace's: its own, earlier ones', and the one to put back from. Pure."""

import re
from collections.abc import Container, Mapping

from gpucommons_contract import Annotation
from gpucommons_upkeep.watch import Manifest

from gpucommons_backup.controller.repositories.record import (
    SECRET,
    Record,
    RecordsError,
    key_of,
    prefix_of,
    readable,
    unreadable,
)
from gpucommons_backup.controller.watching.claims import Workspace


def records_for(workspace: Workspace, secret: Manifest, name: str = "") -> dict[str, Record]:
    """Return all records that can be read. One that cannot is for its own workspace to mind.

    ``name``: another repository that is needed. Raises RecordsError.
    """
    found, broken = readable(secret)
    needed = {key_of(each) for each in (workspace.repository, name) if each}
    missed = [each for each in broken if each in needed]
    if workspace.repository not in found:  # its claim may have lost the note of its name
        own = re.compile(re.escape(key_of(prefix_of(workspace))) + "[0-9a-f]+")
        missed += [each for each in broken if each not in needed and own.fullmatch(each)]
    if missed:
        raise unreadable(missed)
    return found


def record_of(records: Mapping[str, Record], workspace: Workspace) -> Record | None:
    """Return the workspace's record. Raises RecordsError where that has been lost."""
    named = records.get(workspace.repository)
    if workspace.repository and named is None:
        raise RecordsError(
            f"The Secret {SECRET} has no record of {workspace.repository}, the repository of this "
            "workspace. Put the Secret back from a newer copy. If there is none, the snapshots "
            f"there are lost: take the annotation {Annotation.BACKUP_REPOSITORY} away from the "
            "claim, to begin anew."
        )
    if named and named.uid == workspace.uid:
        return named
    return next(iter(own_records(records, workspace)), None)


def own_records(records: Mapping[str, Record], workspace: Workspace) -> list[Record]:
    """Return all of its claim, newest first."""
    own = [each for each in records.values() if each.uid == workspace.uid]
    return sorted(own, key=lambda each: each.made, reverse=True)


def earlier_records(
    records: Mapping[str, Record], workspace: Workspace, living: Container[str]
) -> list[Record]:
    """Return those of claims of the same owner in the same team that are gone, newest first.

    ``living``: uids of all claims that there are. The owner of an earlier claim had the same
    name, and may have been somebody else.
    """
    found = [
        each
        for each in records.values()
        if each.owner == workspace.owner != "" and each.team == workspace.team
        if each.uid != workspace.uid and each.uid not in living
    ]
    return sorted(found, key=lambda each: each.made, reverse=True)


def record_to_restore(
    records: Mapping[str, Record], workspace: Workspace, name: str, living: Container[str]
) -> Record:
    """Return the repository to put back from: the workspace's own, or another by its name.

    That may be another of the same claim, or one of an earlier workspace of the same owner.

    Raises RecordsError that names those that may be meant.
    """
    earlier = earlier_records(records, workspace, living)
    whose = f"{workspace.owner} in team {workspace.team}"
    known = ", ".join(f"{each.name} (since {each.made[:10]})" for each in earlier)
    others = f"Earlier workspaces of {whose} had: {known}." if known else ""
    if name:
        all_own = own_records(records, workspace)
        if found := next((each for each in (*all_own, *earlier) if each.name == name), None):
            return found
        names = " or ".join(each.name for each in all_own)
        its = f"The workspace's own is {names}." if names else ""
        raise RecordsError(
            " ".join(filter(None, (f"{name} is no repository of {whose}.", its, others)))
        )
    own = record_of(records, workspace)
    if own is None or not workspace.has_snapshot:
        same = "If that was the same person, put back from there: --from NAME." if known else ""
        raise RecordsError(
            " ".join(filter(None, ("There is no snapshot of this workspace yet.", others, same)))
        )
    return own

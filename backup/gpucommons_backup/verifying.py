"""Puts a snapshot back into an empty folder, and compares it with what our own walk had seen."""

import json
import os
from pathlib import Path

from gpucommons_backup.errors import BackupError
from gpucommons_backup.notes import ABOUT, MANIFEST, notes_on
from gpucommons_backup.repository import Repository, Snapshot
from gpucommons_backup.workspace import Difference, Manifest, Survey, compare
from gpucommons_backup.workspace.excludes import Excludes
from gpucommons_backup.workspace.manifest import NEW, with_content

_NOT_LEFT_OUT = "was to be left out"


def verify(repository: Repository, snapshot: Snapshot, scratch: Path) -> list[Difference]:
    """Return what is not as it was when the snapshot was taken; empty: all is.

    ``scratch`` must have room for the workspace. What changed while the snapshot was taken is not
    compared. Raises BackupError where it cannot be put back, or has no notes.
    """
    notes, restored = scratch / "notes", scratch / "restored"
    on_it = notes_on(repository, snapshot)
    if on_it is None:
        raise BackupError(
            f"There are no notes on the snapshot {snapshot.id[:8]}: the program that took it was "
            "ended before it had written them."
        )
    repository.restore(on_it, notes)
    repository.restore(snapshot, restored)
    return differences(notes, restored)


def differences(notes: Path, restored: Path) -> list[Difference]:
    """Compare a folder, into which a snapshot was put back, with the notes on it in another."""
    about = json.loads((notes / ABOUT).read_text())
    uncertain = {os.fsencode(each) for each in (*about["moving"], *about["unreadable"])}
    expected = [each for each in Manifest(notes / MANIFEST).lines() if each.path not in uncertain]
    read = {each.path for each in expected if each.sha256}
    survey = Survey(restored, Excludes(largest=None))  # it may have been another limit
    found = (
        with_content(each, restored) if each.path in read and each.kind == "file" else each
        for each in survey.lines()
        if each.path not in uncertain
    )
    differ = list(compare(expected, found))
    differ += [Difference(each.path, _NOT_LEFT_OUT) for each in survey.left_out]
    return [each for each in differ if not came_and_went(each, uncertain)]


def came_and_went(difference: Difference, uncertain: set[bytes]) -> bool:
    """Whether it may have been made in a folder that changed, and deleted again meanwhile."""
    if difference.what not in {NEW, _NOT_LEFT_OUT}:
        return False
    parts = difference.path.split(b"/")
    return any(b"/".join(parts[:end]) in uncertain for end in range(len(parts) + 1))

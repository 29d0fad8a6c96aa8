"""Names by which a snapshot's notes are found and read: what it must contain, and what it has not.

Notes are a snapshot of their own in the repository of the workspace, made after the one that they
are on. So that one has the workspace and nothing else, and restic alone puts it back.
"""

from gpucommons_backup.repository import Repository, Snapshot

WORKSPACE = "workspace"
"""Host, in restic's sense, of snapshots of a workspace."""
NOTES = "notes"
"""Host of notes."""
OF = "of="
"""Tag of notes: the id of the snapshot."""
STATE = "state="
"""Tag of notes: the fingerprint of the workspace, by which a change shows. See `Survey`."""
UNREAD = "unread"
"""Tag of notes, in place of a state: something could not be read, and is not in the snapshot."""
MANIFEST = "manifest.jsonl.gz"
"""A `Manifest`."""
ABOUT = "about.json"
"""What is not in the snapshot and why, and what changed while it was taken."""
PACKAGES = "packages"
"""Folder of files, each with the packages of an environment that is not kept."""


def notes_on(repository: Repository, snapshot: Snapshot) -> Snapshot | None:
    """Find the notes on a snapshot.

    None: there are none, as the program that took it was ended before it had written them.
    """
    found = repository.snapshots(NOTES)
    ids = {snapshot.id, snapshot.original}  # in a copy, notes name what was copied
    return next((each for each in found if each.value(OF) in ids), None)

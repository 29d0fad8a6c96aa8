"""Puts workspaces back from a store with nothing but the recovery key, and compares them."""

import os
import random
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gpucommons_backup.drill.report import Checked, DrillReport, Outcome
from gpucommons_backup.errors import BackupError
from gpucommons_backup.notes import NOTES, OF, WORKSPACE
from gpucommons_backup.recovery import (
    DrillNote,
    RecoveryKey,
    RecoveryShelf,
    SealedRecord,
    unseal,
)
from gpucommons_backup.repository import Repository, Snapshot
from gpucommons_backup.verifying import verify
from gpucommons_backup.workspace.removing import remove

_NAMED = 3
_ROOM = 1.05
"""How much room there must be, of what the files need: folders and blocks take some too."""


class Drill:
    """One drill, from one store."""

    def __init__(
        self,
        store: str,
        login: Mapping[str, str],
        key: RecoveryKey,
        scratch: Path,
        *,
        is_copy: bool,
        tell: Callable[[Checked], None] = lambda _checked: None,
    ) -> None:
        """``store`` ends with a slash; ``login``: restic's variables.

        ``scratch``: a folder with room for the largest workspace. ``is_copy``: whether it is the
        second store. ``tell`` hears of each workspace when it is done.
        """
        self._store, self._login, self._key = store, dict(login), key
        self._scratch, self._is_copy, self._tell = scratch, is_copy, tell

    def run(self, *, most: int | None = None, repository: str = "") -> DrillReport:
        """Put back up to ``most`` workspaces, chosen at random; None: all; or one repository.

        Raises BackupError where the drill cannot begin.
        """
        known = unseal(self._shelf().sealed(), self._key)
        expected = [each for each in known if (each.copied if self._is_copy else each.kept)]
        chosen = _chosen(known, expected, most, repository)
        began, checked = datetime.now(UTC), []
        for each in chosen:
            checked.append(self._check(each))
            self._tell(checked[-1])
        return DrillReport(
            moment=began,
            store=self._store,
            is_copy=self._is_copy,
            known=len(known),
            expected=len(expected),
            checked=tuple(checked),
        )

    def keep(self, report: DrillReport) -> None:
        """Keep a report in the store, where the controller reads it. Raises BackupError."""
        note = DrillNote(report.moment, len(report.checked), len(report.hit))
        self._shelf().note_drill(note, report.to_json())

    def _shelf(self) -> RecoveryShelf:
        return RecoveryShelf(self._store, self._login, self._cache)

    @property
    def _cache(self) -> Path:
        return self._scratch / "cache"

    def _check(self, record: SealedRecord) -> Checked:
        nothing = Checked(record.repository, record.team, record.owner, Outcome.FAILED)
        password = record.copy_password if self._is_copy else record.password
        place = {
            "RESTIC_REPOSITORY": f"{self._store}{record.repository}/",
            "RESTIC_PASSWORD": password,
            "RESTIC_CACHE_DIR": str(self._cache),
        }
        repository = Repository({**self._login, **place})
        try:
            snapshot = _newest_with_notes(repository)
        except BackupError as error:
            return replace(nothing, says=f"{error}")
        found = replace(
            nothing,
            snapshot=snapshot.id,
            moment=f"{snapshot.time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            files=snapshot.files or 0,
            size=snapshot.size or 0,
        )
        folder = Path(tempfile.mkdtemp(dir=self._scratch))
        try:
            self._check_room(snapshot)
            differ = verify(repository, snapshot, folder)
        except (BackupError, OSError, ValueError, KeyError) as error:  # notes may be damaged, too
            return replace(found, says=f"{error}")
        finally:
            remove(folder)
        if differ:
            named = ", ".join(f"{os.fsdecode(each.path)!r} {each.what}" for each in differ[:_NAMED])
            says = f"{len(differ)} entries differ: {named}."
            return replace(found, outcome=Outcome.DIFFERS, says=says)
        return replace(found, outcome=Outcome.IDENTICAL)

    def _check_room(self, snapshot: Snapshot) -> None:
        room = os.statvfs(self._scratch)
        free, needed = room.f_bavail * room.f_frsize, (snapshot.size or 0) * _ROOM
        if needed > free:
            raise BackupError(
                f"{self._scratch} has no room for it: {needed / 1e9:.1f} GB are needed, "
                f"{free / 1e9:.1f} GB are free."
            )


def _chosen(
    known: Sequence[SealedRecord], expected: Sequence[SealedRecord], most: int | None, name: str
) -> list[SealedRecord]:
    if name:
        found = [each for each in known if each.repository == name]
        if not found:
            raise BackupError(
                f"The sealed list has no repository {name}. It has {len(known)}, such as "
                f"{', '.join(each.repository for each in known[:_NAMED]) or 'none'}."
            )
        return found
    if not expected:
        raise BackupError("No workspace has a snapshot in this store yet: there is nothing to try.")
    count = len(expected) if most is None else min(most, len(expected))
    chosen = random.sample(expected, count)
    return sorted(chosen, key=lambda each: each.repository)


def _newest_with_notes(repository: Repository) -> Snapshot:
    """Return the newest snapshot that can be compared. Raises BackupError where there is none."""
    found = repository.snapshots()
    noted = {each.value(OF) for each in found if each.host == NOTES}
    whole = [each for each in found if each.host == WORKSPACE]
    compared = [each for each in whole if {each.id, each.original} & noted]
    if not compared:
        raise BackupError(
            f"There are {len(whole)} snapshots at {repository.address}, and none with notes to "
            "compare it with."
        )
    return compared[-1]

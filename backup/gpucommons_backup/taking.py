"""Takes a snapshot of a workspace, with notes that say what it must contain.

The notes are a snapshot of their own in the same repository, so that a workspace's snapshot has
the workspace and nothing else: whoever has the password puts it back with restic alone.
"""

import collections
import json
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from gpucommons_backup.errors import BackupError, RepositoryLockedError
from gpucommons_backup.notes import ABOUT, MANIFEST, NOTES, OF, PACKAGES, STATE, UNREAD, WORKSPACE
from gpucommons_backup.repository import Repository, Snapshot, SnapshotResult
from gpucommons_backup.workspace import LeftOut, Line, Manifest, Survey, compare
from gpucommons_backup.workspace.environments import file_name, package_list
from gpucommons_backup.workspace.excludes import Excludes
from gpucommons_backup.workspace.manifest import with_content
from gpucommons_backup.workspace.not_kept import exclude_file

_FEW = 20_000
"""Files of a workspace, up to which the contents of all small ones are read for the manifest."""
_SMALL = 2**20  # bytes
_SAMPLE = 200
"""About as many files' contents are read where there are more."""
_LONGEST_REPORT = 4096
"""Bytes of a container's termination message, of which Kubernetes keeps no more."""
_NAMED, _LONGEST_LINE = 10, 200
"""How many unread files a report names, and in how many characters each."""


class Occasion(StrEnum):
    """Why a snapshot is taken; also a tag of it."""

    ENDED = "ended"
    """A session has ended, and nothing writes any more."""
    LIVE = "live"
    """A session runs."""
    PERSON = "person"
    """Somebody asked for it."""
    FINAL = "final"
    """The workspace is to be deleted."""


_KEPT_LONGER = (Occasion.PERSON, Occasion.FINAL)
"""Of these there must be a snapshot with their tag, though another one has the same."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it."""

    snapshot: str
    """Its id; that of the one before, where nothing has changed; empty, where there is nothing."""
    is_new: bool
    files: int
    size: int  # bytes
    added: int = 0  # bytes in the store
    unread: tuple[str, ...] = ()
    """What could not be read and is not in it. Empty: it is complete."""
    moving: int = 0
    """How many files and folders changed meanwhile."""

    def to_json(self) -> str:
        """Write it as one line that fits a container's termination message."""
        whole = asdict(self) | {"unread_count": len(self.unread)}
        named = [each[:_LONGEST_LINE] for each in self.unread[:_NAMED]]
        while len(text := json.dumps(whole | {"unread": named})) > _LONGEST_REPORT:
            named.pop()
        return text


@dataclass
class Taking:
    """One snapshot: the workspace at ``root``, and an empty folder ``scratch`` to work in."""

    repository: Repository
    root: Path
    scratch: Path
    occasion: Occasion
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    excludes: Excludes = field(default_factory=Excludes)
    """What is left out besides."""

    def take(self, known: Sequence[Snapshot] | None = None) -> Report:
        """Take it, unless nothing has changed since the one before. Raises BackupError.

        ``known`` is what the repository has, where that has been asked for already. Nobody else
        may use the repository meanwhile: locks are of programs that were killed.
        """
        top = self.root.stat().st_mtime_ns
        survey = Survey(self.root, self.excludes)
        manifest = Manifest(self.scratch / "seen.gz")
        manifest.write(survey.lines())
        if survey.unread[:1] and not survey.unread[0][0]:
            raise BackupError(f"The workspace {self.root} cannot be read: {survey.unread[0][1]}.")
        if next(manifest.lines(), None) is None:  # of which restic makes no snapshot
            return Report("", is_new=False, files=0, size=0)
        state = survey.fingerprint()
        if same := self._of_state(state, known):
            return Report(same, is_new=False, files=survey.files, size=survey.size)
        excludes = self.scratch / "excludes"
        root = os.fsencode(self.root.resolve())
        excludes.write_bytes(exclude_file(root, survey.left_out, self.excludes))
        notes, time = self.scratch / "notes", self.clock()
        # The notes are made beside restic: what changes between is found by the walk after both.
        result = self._keep(excludes, time, lambda: self._write_notes(notes, survey, manifest))
        moving = self._moving(manifest, state, top)
        unreadable = self._unreadable(manifest) if result.unread else []
        self._write_about(notes, survey, result, moving, unreadable)
        # Last, and without a state where something is not in it: then the next try is not skipped.
        whole = UNREAD if result.unread else f"{STATE}{state}"
        # With the same time and occasion, so that both are forgotten together.
        tags = (f"{OF}{result.id}", whole, self.occasion)
        self.repository.snapshot(notes, host=NOTES, time=time, tags=tags)
        return Report(
            snapshot=result.id,
            is_new=True,
            files=result.files,
            size=result.size,
            added=result.added,
            unread=result.unread,
            moving=len(moving),
        )

    def _keep(
        self, excludes: Path, time: datetime, meanwhile: Callable[[], None]
    ) -> SnapshotResult:
        def keep(*, waits: bool) -> SnapshotResult:
            return self.repository.snapshot(
                self.root,
                host=WORKSPACE,
                time=time,
                tags=(self.occasion,),
                excludes=excludes,
                waits=waits,
                meanwhile=meanwhile,
            )

        try:
            return keep(waits=False)
        except RepositoryLockedError:
            self.repository.unlock()
            return keep(waits=True)

    def _of_state(self, state: str, known: Sequence[Snapshot] | None) -> str | None:
        """Return the id of the newest snapshot, if the workspace was then as it is now."""
        found = self.repository.snapshots() if known is None else known
        notes = [each for each in found if each.host == NOTES]
        if not notes or notes[-1].value(STATE) != state:
            return None
        if self.occasion in _KEPT_LONGER and self.occasion not in notes[-1].tags:
            return None
        of = notes[-1].value(OF)
        return of if any(each.id == of for each in found) else None

    def _write_notes(self, folder: Path, survey: Survey, manifest: Manifest) -> None:
        (folder / PACKAGES).mkdir(parents=True, exist_ok=True)
        for each in survey.environments:
            path = Path(os.fsdecode(os.path.join(os.fsencode(self.root), each)))  # noqa: PTH118
            if text := package_list(path):
                (folder / PACKAGES / file_name(each)).write_bytes(os.fsencode(text))
        written = Manifest(folder / MANIFEST)
        if survey.files < _FEW:
            manifest.copy(written, lambda line: self._with_content(line, most=_SMALL))
        else:
            number = _SAMPLE * survey.entries // survey.files  # as some are no files
            chosen = set(random.sample(range(survey.entries), min(number, survey.entries)))
            manifest.copy(written, lambda line: self._with_content(line, most=None), chosen)

    def _with_content(self, line: Line, *, most: int | None) -> Line:
        """Read a file of up to ``most`` bytes."""
        if line.kind != "file" or line.twin or (most is not None and line.size > most):
            return line
        try:
            return with_content(line, self.root)
        except OSError:
            return line  # gone meanwhile, or not readable, which the snapshot says

    def _moving(self, manifest: Manifest, state: str, top: int) -> list[bytes]:
        """Return what changed since the first walk. Whether it is whole cannot be told.

        ``state`` is the fingerprint of that walk, and ``top`` when the workspace's uppermost folder
        was changed before, whose path is empty.
        """
        again = Survey(self.root, self.excludes)
        collections.deque(again.lines(), maxlen=0)
        changed = []
        if again.fingerprint() != state:  # then another walk says what
            now = Survey(self.root, self.excludes).lines()
            changed = [each.path for each in compare(manifest.lines(), now)]
        return changed if top == self.root.stat().st_mtime_ns else [b"", *changed]

    def _unreadable(self, manifest: Manifest) -> list[bytes]:
        """Return what we may not read. restic names it too, but not byte by byte."""
        root = os.fsencode(self.root)
        needed = {"file": os.R_OK, "dir": os.R_OK | os.X_OK}
        return [
            each.path
            for each in manifest.lines()
            if each.kind in needed
            and not os.access(os.path.join(root, each.path), needed[each.kind])  # noqa: PTH118 -- bytes
        ]

    def _write_about(
        self,
        notes: Path,
        survey: Survey,
        result: SnapshotResult,
        moving: list[bytes],
        unreadable: list[bytes],
    ) -> None:
        said = {
            "snapshot": result.id,
            "not_kept": [_left_out(each) for each in survey.left_out],
            "unread": list(result.unread),
            "unreadable": [os.fsdecode(each) for each in unreadable],
            "moving": [os.fsdecode(each) for each in moving],
        }
        (notes / ABOUT).write_text(json.dumps(said))


def _left_out(each: LeftOut) -> dict[str, object]:
    said = {"path": os.fsdecode(each.path), "reason": each.reason}
    return said | {"size": each.size, "files": each.files}

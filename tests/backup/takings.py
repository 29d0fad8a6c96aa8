"""Snapshots of one workspace, an hour apart unless a test says when."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gpucommons_backup import Difference, Repository, Snapshot
from gpucommons_backup.taking import Occasion, Report, Taking
from gpucommons_backup.verifying import verify
from gpucommons_backup.workspace.excludes import Excludes

FIRST = datetime(2026, 11, 2, 8, tzinfo=UTC)


@dataclass
class Takings:
    """Takes them, finds them again, and puts them back."""

    repository: Repository
    workspace: Path
    folder: Path
    """A folder for tests."""
    excludes: Excludes = field(default_factory=Excludes)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def take(self, occasion: Occasion = Occasion.ENDED, at: datetime | None = None) -> Report:
        time = at or FIRST + timedelta(hours=next(self._numbers))
        scratch = self.new_folder("scratch")
        return Taking(
            *(self.repository, self.workspace, scratch, occasion, lambda: time, self.excludes)
        ).take()

    def snapshot(self, report: Report) -> Snapshot:
        return next(each for each in self.all() if each.id == report.snapshot)

    def all(self) -> list[Snapshot]:
        return self.repository.snapshots("workspace")

    def verify(self, report: Report) -> list[Difference]:
        return verify(self.repository, self.snapshot(report), self.new_folder("verify"))

    def restore(self, report: Report, folder: bytes = b"") -> Path:
        target = self.new_folder("restored")
        self.repository.restore(self.snapshot(report), target, folder)
        return target

    def new_folder(self, name: str) -> Path:
        folder = self.folder / f"{name}{next(_folders)}"
        folder.mkdir()
        return folder


_folders = itertools.count(1)

"""A restic repository: the snapshots of one workspace, and nobody else's.

One for each workspace: all keys of a repository open all of it, so people who shared one could read
each other's files (https://github.com/restic/restic/issues/187).
"""

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gpucommons_backup.errors import BackupError, FolderTooLargeError
from gpucommons_backup.repository.complaints import INCOMPLETE, MISSING, Complaint
from gpucommons_backup.repository.restic import PATIENCE_S, Output, Restic
from gpucommons_backup.repository.snapshot import Snapshot, parse_snapshot, parse_time

_EACH_KIND_BY_ITSELF = "host"
"""Not by the path, too: notes are taken from a new folder each time."""
_PERSON = "person"
"""Tag of snapshots that somebody has asked for."""
_NOT_REMOVED = "unable to remove"
_LARGEST_FOLDER = 64_000_000
"""Bytes of a folder's list: some 400 for each file. Once read it takes five times that."""
_WITHOUT_LOCK = "--no-lock"
"""For looking: no right to write is needed then, and whoever is killed leaves no lock behind."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Which snapshots are kept: each number that many of the newest of their kind."""

    within_days: int = 2
    """All that are younger, whatever their number. Guards against snapshots of a wrong time."""
    hourly: int = 24
    daily: int = 30
    weekly: int = 12
    monthly: int = 6
    tags: tuple[str, ...] = ()
    """Snapshots with one of these are always kept."""
    person: int = 0
    """How many of the newest with the tag of the same name are kept besides."""

    def arguments(self) -> list[str]:
        """Return the options of ``restic forget``."""
        numbers = {
            "hourly": self.hourly,
            "daily": self.daily,
            "weekly": self.weekly,
            "monthly": self.monthly,
        }
        kept = [
            part for name, most in numbers.items() if most for part in (f"--keep-{name}", str(most))
        ]
        tags = [part for tag in self.tags for part in ("--keep-tag", tag)]
        return ["--keep-within", f"{self.within_days}d", *kept, *tags]


@dataclass(frozen=True, slots=True)
class SnapshotResult:
    """A snapshot that was made."""

    id: str
    files: int
    size: int  # bytes of all files
    added: int  # bytes in the store, compressed
    unread: tuple[str, ...] = ()
    """What could not be read and is not in it: a path and the reason. Empty: it is complete."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A file in a snapshot."""

    snapshot: Snapshot
    modified: datetime
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Amount:
    """How much a folder had, with all that was below it."""

    entries: int
    """Files, folders and links."""
    size: int  # bytes of all files; one with several names counts with each


class Repository:
    """Makes snapshots, lists them, and gives back what is in them."""

    def __init__(
        self,
        environment: Mapping[str, str],
        program: str = "restic",
        patience_s: float = PATIENCE_S,
    ) -> None:
        """``environment`` is how restic finds and opens it, see `Restic`.

        ``patience_s``: after how many seconds a store without an answer counts as unreachable.
        """
        self._restic = Restic(environment, program, patience_s)

    @property
    def address(self) -> str:
        """Where it is, without the account in it."""
        return self._restic.address

    def exists(self) -> bool:
        """Whether it is there. Raises BackupError if that cannot be told."""
        code, _documents = self._restic.ask("cat", "config", _WITHOUT_LOCK, allowed=(0, MISSING))
        return code == 0

    def create(self) -> None:
        """Make it; raises BackupError if there is one already."""
        self._restic.ask("init")

    def create_for_copies(self) -> None:
        """Make it so that what is copied into it is stored once, however often it is copied.

        RESTIC_FROM_REPOSITORY and RESTIC_FROM_PASSWORD say of which it is to be a copy.
        """
        self._restic.ask("init", "--copy-chunker-params")

    def copy(self) -> None:
        """Copy all snapshots that it has not yet, from that other one."""
        self._restic.run("copy", _WITHOUT_LOCK)

    def unlock(self) -> None:
        """Remove the locks of all programs: only for whoever knows that no other one runs."""
        self._restic.ask("unlock", "--remove-all")

    def snapshot(
        self,
        folder: Path,
        *,
        host: str,
        time: datetime,
        tags: Sequence[str] = (),
        excludes: Path | None = None,
        waits: bool = True,
        meanwhile: Callable[[], None] | None = None,
    ) -> SnapshotResult:
        """Keep all of ``folder``, without what the patterns in the file ``excludes`` fit.

        ``waits``: for a program that holds the repository; else it raises RepositoryLockedError at
        once. ``meanwhile`` is called while restic works.
        """
        options = ["--host", host, "--time", time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")]
        for tag in tags:
            options += ["--tag", tag]
        if excludes:
            options += ["--exclude-file", str(excludes)]
        if not waits:
            options += ["--retry-lock", "0s"]
        code, documents, said = self._restic.run(
            *("backup", "--one-file-system", "--no-scan", "--quiet", *options, "."),
            folder=folder,
            allowed=(0, INCOMPLETE),
            meanwhile=meanwhile,
        )
        summary = _of_type(documents, "summary")
        return SnapshotResult(
            id=summary["snapshot_id"],
            files=summary["total_files_processed"],
            size=summary["total_bytes_processed"],
            added=summary.get("data_added_packed", 0),
            unread=_unread(said, folder) if code == INCOMPLETE else (),
        )

    def snapshots(self, host: str | None = None) -> list[Snapshot]:
        """List them, oldest first, those of the same second always in the same order."""
        options = ["--host", host] if host else []
        _code, documents = self._restic.ask("snapshots", _WITHOUT_LOCK, *options)
        listed = documents[0] if documents else []
        return sorted(map(parse_snapshot, listed or ()), key=lambda each: (each.time, each.id))

    def forget(self, retention: Retention) -> None:
        """Take the snapshots that are not to be kept from the list. `prune` makes the room."""
        rules = ["--group-by", _EACH_KIND_BY_ITSELF, *retention.arguments()]
        # restic keeps all with a tag or none, so it is asked first what the other rules let go of.
        _code, documents, _said = self._restic.run("forget", "--dry-run", *rules)
        groups = documents[0] if documents else ()
        gone = [each["id"] for group in groups for each in group["remove"] or ()]
        if not gone:
            return
        asked_for = _newest_of_tag(self.snapshots(), _PERSON, retention.person)
        gone = [each for each in gone if each not in asked_for]
        if gone:
            self.remove(gone)

    def remove(self, snapshots: Sequence[str]) -> None:
        """Take snapshots from the list, by their ids. `prune` makes the room."""
        _code, _documents, said = self._restic.run("forget", *snapshots)
        # restic ends as if all were well where the store lets it remove nothing.
        if refused := [each for each in said if _NOT_REMOVED in each.text]:
            raise BackupError(
                f"{len(refused)} snapshots that are not to be kept are still there: the store lets "
                "this account remove nothing."
            )

    def prune(self) -> None:
        """Delete what no snapshot has any more."""
        self._restic.run("prune")

    def erase(self) -> None:
        """Forget all snapshots, and delete what they had. A configuration and a key are left.

        Raises RepositoryMissingError where there is nothing.
        """
        self.unlock()
        if every := [each.id for each in self.snapshots()]:
            self.remove(every)
        self._restic.run("prune", "--max-unused", "0")

    def check(self, part: str | None = None) -> None:
        """Raise BackupError if it is damaged.

        ``part`` of the files' contents is read too, such as "1/20" or "100%"; None: their lists
        alone.
        """
        options = [f"--read-data-subset={part}"] if part else []
        # Without a lock it is for whoever knows that no other program changes it meanwhile.
        self._restic.run("check", _WITHOUT_LOCK, *options)

    def tree(self, identifier: str) -> bytes:
        """Return a folder as restic keeps it, see `parse_tree`. Raises FolderTooLargeError."""
        text = self._restic.output("cat", _WITHOUT_LOCK, "blob", identifier, most=_LARGEST_FOLDER)
        if text is None:
            raise FolderTooLargeError(
                f"A folder is too large to be looked into: its list has more than "
                f"{_LARGEST_FOLDER // 10**6} MB, which is that of some 160,000 files."
            )
        return text

    def sightings(self, snapshots: Sequence[Snapshot], path: bytes) -> list[Sighting]:
        """Return where there was a file at a path, oldest first, in one call of restic.

        ``path`` is relative to the workspace.
        """
        if not snapshots:
            return []
        by_id = {each.id: each for each in snapshots}
        chosen = [part for each in by_id for part in ("--snapshot", each)]
        pattern = b"/" + literal(path)
        _code, documents = self._restic.ask("find", _WITHOUT_LOCK, *chosen, pattern)
        found = [
            Sighting(by_id[each["snapshot"]], parse_time(match["mtime"]), match.get("size", 0))
            for each in (documents[0] if documents else ())
            for match in each["matches"][:1]  # the rest is what a folder of that name had in it
            if match["type"] == "file"
        ]
        return sorted(found, key=lambda each: each.snapshot.time)

    def amount(self, snapshot: Snapshot, folder: bytes = b"") -> Amount:
        """Return how much a folder had, or the whole workspace, in one call of restic."""
        entries = size = 0
        with self._restic.lines("ls", _WITHOUT_LOCK, _folder_in(snapshot, folder)) as lines:
            for line in lines:
                said = json.loads(line)
                if said.get("message_type") == "node":
                    entries, size = entries + 1, size + said.get("size", 0)
        return Amount(entries, size)

    def content(self, snapshot: Snapshot, path: bytes, most: int) -> bytes | None:
        """Return what a small file contains; None if it has more than ``most`` bytes."""
        return self._restic.output("dump", _WITHOUT_LOCK, snapshot.id, b"/" + path, most=most)

    @contextlib.contextmanager
    def file(self, snapshot: Snapshot, path: bytes) -> Iterator[Output]:
        """Give what a file contains. ``path`` is relative to the workspace."""
        with self._restic.stream("dump", _WITHOUT_LOCK, snapshot.id, b"/" + path) as stream:
            yield stream

    @contextlib.contextmanager
    def archive(self, snapshot: Snapshot, folder: bytes = b"") -> Iterator[Output]:
        """Give what a folder had, or the whole workspace, as tar with names relative to it."""
        with self._restic.stream("dump", _WITHOUT_LOCK, _folder_in(snapshot, folder), "/") as tar:
            yield tar

    def restore(self, snapshot: Snapshot, target: Path, folder: bytes = b"") -> None:
        """Put a folder back into ``target``, or the whole workspace.

        What else is in ``target`` stays, and files of the same name are replaced.
        """
        source = _folder_in(snapshot, folder)
        _code, documents, _said = self._restic.run(
            "restore", source, "--sparse", "--target", str(target)
        )
        _of_type(documents, "summary")


def _folder_in(snapshot: Snapshot, folder: bytes) -> bytes:
    return snapshot.id.encode() + (b":/" + folder if folder else b"")


def _newest_of_tag(snapshots: Sequence[Snapshot], tag: str, number: int) -> set[str]:
    """Return the ids of so many of the newest of each kind. ``snapshots``: oldest first."""
    found: dict[str, list[str]] = {}
    for each in snapshots:
        if tag in each.tags:
            found.setdefault(each.host, []).append(each.id)
    return {each for ids in found.values() for each in ids[len(ids) - min(number, len(ids)) :]}


def literal(path: bytes) -> bytes:
    """Return the pattern of restic that fits this path and no other."""
    return re.sub(rb"[\\*?\[]", rb"\\\g<0>", path)


def _unread(said: Sequence[Complaint], folder: Path) -> tuple[str, ...]:
    """Return what could not be read. A store that was away for a moment is no reason."""
    above = f"{folder.resolve()}/"
    found = [f"{each.item.removeprefix(above)}: {each.reason}" for each in said if each.item]
    return tuple(found or map(str, said))


def _of_type(documents: Sequence[Any], kind: str) -> Mapping[str, Any]:
    for each in documents:
        if isinstance(each, dict) and each.get("message_type") == kind:
            return each
    raise BackupError("restic did not say what it has done.")

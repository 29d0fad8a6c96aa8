"""Walks a workspace: what is in it, what is left out, and a fingerprint by which a change shows."""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from gpucommons_backup.workspace.environments import files_of_conda
from gpucommons_backup.workspace.excludes import Excludes
from gpucommons_backup.workspace.manifest import Line
from gpucommons_backup.workspace.not_kept import (
    CACHE_SIGNATURE,
    CACHE_TAG,
    LARGE,
    MARK,
    LeftOut,
    Reason,
    environment_of,
    is_of_conda,
    is_of_venv,
    why_not_file,
    why_not_folder,
)
from gpucommons_backup.workspace.reading import start_of

_KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "symlink"}

_USUAL = Excludes()

_Entries: TypeAlias = dict[bytes, os.stat_result]
"""What a folder has, by name."""


class Survey:
    """One walk through a workspace. What it found is complete once `lines` was read to its end.

    It stays on the volume, follows no link, reads no content but conda's lists of files and the
    tags of caches, and does not stop at what it cannot read. A link is one entry, whatever it
    leads to. Sockets are none: they live as long as their program.
    """

    def __init__(self, root: Path, excludes: Excludes = _USUAL) -> None:
        self._excludes = excludes
        self.entries = 0
        """All that is kept."""
        self.files = 0
        self.size = 0
        """Bytes of the files that are kept; each counts once, whatever its names."""
        self.left_out: list[LeftOut] = []
        self.unread: list[tuple[bytes, str]] = []
        """Folders that could not be read, and why."""
        self.environments: list[bytes] = []
        """Folders of Python environments, whose packages are left out."""
        self._root = os.fsencode(root)
        self._device = os.stat(self._root).st_dev  # noqa: PTH116 -- bytes
        self._digest = hashlib.sha256()
        self._twins: dict[int, bytes] = {}
        self._environments: set[bytes] = set()
        self._of_conda: set[bytes] = set()
        self._listed: tuple[bytes | None, frozenset[bytes]] = (None, frozenset())
        """The environment of conda whose files were last asked for, and these."""

    def lines(self) -> Iterator[Line]:
        """Walk once, and give all that is kept, in order."""
        # Not by recursion: folders may lie deeper in one another than Python calls itself.
        pending = [self._kept_of(b"", self._entries(b""))]
        while pending:
            found = next(pending[-1], None)
            if found is None:
                pending.pop()
                continue
            line, entries = found
            yield line
            if entries is not None:
                pending.append(self._kept_of(line.path, entries))

    def fingerprint(self) -> str:
        """Return what differs after any change of names, contents' times, sizes or rights."""
        return self._digest.hexdigest()

    def _kept_of(self, path: bytes, found: _Entries) -> Iterator[tuple[Line, _Entries | None]]:
        """Give what is kept of a folder, and of folders what they have."""
        if MARK in found and not stat.S_ISDIR(found[MARK].st_mode):
            found = self._only_mark(path, found)
        if path and is_of_conda(found):  # a home folder that is one is kept as it is
            self._of_conda.add(path)
        if path in self._of_conda or is_of_venv(found):
            self._environments.add(path)
        for name, info in sorted(found.items()):
            inside = path + b"/" + name if path else name
            if self._excludes.has(name):
                self._leave_out(inside, info, Reason.CHOSEN)
            elif stat.S_ISDIR(info.st_mode):
                yield from self._inner_folder(inside, info)
            elif reason := self._why_not_file(inside, info):
                self._leave_out(inside, info, reason)
            elif info.st_dev == self._device and not stat.S_ISSOCK(info.st_mode):
                yield self._line(inside, info), None

    def _only_mark(self, path: bytes, found: _Entries) -> _Entries:
        others = [info for name, info in found.items() if name != MARK]
        if others:
            below = [
                self._measured(path + b"/" + name)
                for name, info in found.items()
                if stat.S_ISDIR(info.st_mode)
            ]
            plain = [info.st_size for info in others if not stat.S_ISDIR(info.st_mode)]
            size = sum(plain) + sum(size for size, _ in below)
            files = len(plain) + sum(files for _, files in below)
            self.left_out.append(LeftOut(path, Reason.MARKED, size, files))
        return {MARK: found[MARK]}

    def _inner_folder(
        self, path: bytes, info: os.stat_result
    ) -> Iterator[tuple[Line, _Entries | None]]:
        if info.st_dev != self._device:
            yield self._line(path, info), None  # a volume of its own: its place alone
            return
        entries = self._entries(path)
        if self._is_installed(path, entries):
            self._leave_out(path, info, Reason.ENVIRONMENT)
        elif reason := why_not_folder(path):
            self._leave_out(path, info, reason)
        elif self._is_tagged(path, entries):
            self._leave_out(path, info, Reason.CACHE)
        else:
            yield self._line(path, info), entries

    def _is_tagged(self, path: bytes, entries: _Entries) -> bool:
        tag = entries.get(CACHE_TAG)
        if tag is None or not stat.S_ISREG(tag.st_mode):
            return False
        try:
            file = self._absolute(path + b"/" + CACHE_TAG)
            return start_of(file, len(CACHE_SIGNATURE)) == CACHE_SIGNATURE
        except OSError:
            return False  # another user's, or replaced meanwhile

    def _is_installed(self, path: bytes, entries: _Entries) -> bool:
        environment = environment_of(path, entries, self._environments, self._of_conda)
        if environment is not None:
            self._note_environment(environment)
        return environment is not None

    def _note_environment(self, path: bytes) -> None:
        if path not in self.environments:
            self.environments.append(path)

    def _why_not_file(self, path: bytes, info: os.stat_result) -> Reason | None:
        if not stat.S_ISREG(info.st_mode):
            return None
        if info.st_size >= LARGE and self._is_of_conda(path):
            return Reason.ENVIRONMENT
        return why_not_file(path, info.st_size, self._excludes.largest)

    def _is_of_conda(self, path: bytes) -> bool:
        """Whether conda says that it has installed a file."""
        above = path
        while above not in self._of_conda:
            above = above.rpartition(b"/")[0]
            if not above:
                return False
        if self._listed[0] != above:
            folder = Path(os.fsdecode(self._absolute(above)))
            self._listed = (above, files_of_conda(folder))
        if path.removeprefix(above + b"/") not in self._listed[1]:
            return False
        self._note_environment(above)
        return True

    def _entries(self, path: bytes) -> _Entries:
        try:
            with os.scandir(self._absolute(path)) as entries:
                found = {}
                for each in entries:
                    try:
                        found[each.name] = each.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue  # deleted meanwhile
                return found
        except OSError as error:
            known = (path, error.strerror or str(error))
            if known not in self.unread and not isinstance(error, FileNotFoundError):
                self.unread.append(known)
            return {}

    def _line(self, path: bytes, info: os.stat_result) -> Line:
        is_file, is_link = stat.S_ISREG(info.st_mode), stat.S_ISLNK(info.st_mode)
        self.entries += 1
        twin = None
        if is_file and info.st_nlink > 1:
            first = self._twins.setdefault(info.st_ino, path)
            twin = None if first == path else first
        if is_file and not twin:
            self.files += 1
            self.size += info.st_size
        line = Line(
            path,
            _KINDS.get(stat.S_IFMT(info.st_mode), "other"),
            stat.S_IMODE(info.st_mode),
            0 if is_link else info.st_mtime_ns,
            info.st_size if is_file else 0,
            self._target(path) if is_link else None,
            twin,
        )
        # No byte of it can be taken for another's: paths and targets end with a zero.
        self._digest.update(
            b"%b\0%b\0%d %d %d %d %d "
            % (
                *(path, line.target or b"", info.st_mode),
                *(info.st_mtime_ns, info.st_ctime_ns, info.st_ino, line.size),
            )
        )
        return line

    def _target(self, path: bytes) -> bytes | None:
        try:
            return os.readlink(self._absolute(path))  # noqa: PTH115 -- bytes
        except OSError:
            return None  # replaced meanwhile

    def _leave_out(self, path: bytes, info: os.stat_result, reason: Reason) -> None:
        if stat.S_ISDIR(info.st_mode):
            size, files = self._measured(path)
        else:
            size, files = info.st_size, 1
        self.left_out.append(LeftOut(path, reason, size, files))

    def _measured(self, path: bytes) -> tuple[int, int]:
        size = files = 0
        pending = [path]
        while pending:
            folder = pending.pop()
            for name, info in self._entries(folder).items():
                if stat.S_ISDIR(info.st_mode):
                    if info.st_dev == self._device:
                        pending.append(folder + b"/" + name)
                else:
                    files += 1
                    size += info.st_size
        return size, files

    def _absolute(self, path: bytes) -> bytes:
        return self._root + b"/" + path

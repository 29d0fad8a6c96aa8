"""What takes the room in the home folder, as it was counted last, and its trash."""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Lock, Thread

from gpucommons_contract import FolderSize, FolderSizes, NoticeChoice, TrashEmptied
from gpucommons_contract.formats.byte_sizes import format_bytes
from gpucommons_contract.formats.wording import joined
from gpucommons_contract.words import phrase, phrases, sentences

from gpucommons_lab.storage import folder_count
from gpucommons_lab.storage.trash import Trash

log = logging.getLogger(__name__)

EMPTY_TRASH = "empty-trash"
"""Id of the choice with which a notice offers that."""
_SECONDS = 10.0
"""How long is counted at most."""
_MORE_SECONDS = 5.0
"""What a process may need in addition, to start and to end."""
_FRESH = 60.0
"""Seconds for which nothing is counted again unless a person asks for it."""
_MOST_KEPT = 10
"""Folders that are told of."""
_NAMED = 3
"""Folders that a notice names."""
_WORTH_NAMING = 0.03
"""Part of all that was counted; smaller folders are not named."""
_LONGEST_NAME = 40


class HomeSpace:
    """Counts seldom: when it is told that room is short, or when somebody asks."""

    def __init__(
        self,
        home: Path,
        trash: Trash,
        *,
        path_in_lab: Callable[[str], str | None] = lambda name: name,
        freed: Callable[[], None] = lambda: None,
        seconds: float = _SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``path_in_lab`` says where JupyterLab opens a folder of the home folder, if it can.

        ``freed`` is called after files were deleted. ``clock`` gives Unix time in seconds.
        """
        self._home, self._trash = home, trash
        self._path_in_lab, self._freed = path_in_lab, freed
        self._seconds, self._clock = seconds, clock
        self._counting = Lock()
        self._thread: Thread | None = None
        self._child: subprocess.Popen[str] | None = None
        self._is_closed = False
        self.found: FolderSizes | None = None
        """What was counted last."""
        self.emptied: TrashEmptied | None = None
        """What emptying the trash came to, until something is counted again."""
        self.version = 0
        """Rises when one of these changes."""

    @property
    def is_counting(self) -> bool:
        """Whether something is counted now that was begun."""
        return self._thread is not None and self._thread.is_alive()

    def begin(self) -> None:
        """Count on a thread, unless that is so already, or was a moment ago."""
        if not self.is_counting and not self._is_closed:
            self._thread = Thread(target=self._try, name="home-space", daemon=True)
            self._thread.start()

    def heed_trash(self) -> None:
        """Count again now and then if there is something in the trash, or nothing any more."""
        found = self.found
        if found is None or self._age(found) <= _FRESH:
            return
        if (found.trash.files > 0) != self._trash.has_something():
            self.begin()

    def counted(self, oldest: float) -> FolderSizes:
        """Return what was counted within ``oldest`` seconds, or else count now.

        Raises OSError that says why nothing can be counted.
        """
        with self._counting:  # who waited gets what was counted meanwhile
            if self.found is None or self._age(self.found) > oldest:
                self.found, self.emptied = self._count(), None
                self.version += 1
            return self.found

    def empty_trash(self) -> TrashEmptied:
        """Delete for good what is in the trash; takes a while."""
        with self._counting:
            self.emptied = self._trash.empty()
            if self.found:
                size = max(self.found.trash.size - self.emptied.freed, 0)
                trash = replace(self.found.trash, size=size, files=self.emptied.left)
                self.found = replace(self.found, trash=trash)
            self.version += 1
        log.info("The trash was emptied: %s", self.emptied)
        self._freed()
        return self.emptied

    def close(self) -> None:
        """Count no longer."""
        self._is_closed = True
        if self._child:
            self._child.kill()

    def choices(self) -> tuple[NoticeChoice, ...]:
        """Offer to empty the trash where it has something, and that was not tried just now."""
        if self.found is None or self.emptied or not self.found.trash.files:
            return ()
        size = format_bytes(self.found.trash.size)
        return (NoticeChoice(EMPTY_TRASH, phrase("Empty trash (%(size)s)", size=size)),)

    def told(self, *, by_files: bool) -> str:
        """Say what takes the most room, or has the most files, and what emptying came to."""
        return sentences(self._most(by_files=by_files), self._outcome())

    def _most(self, *, by_files: bool) -> str:
        if self.found is None:
            return ""
        every = (*self.found.folders, self.found.trash)
        amount = _files if by_files else _size
        total = sum(map(amount, every))
        large = [each for each in every if amount(each) >= max(_WORTH_NAMING * total, 1)]
        large = sorted(large, key=amount, reverse=True)[:_NAMED]
        if not large:
            return ""
        named = joined([self._named(each, by_files=by_files) for each in large])
        if self.found.complete:
            return phrase("Most is in %(named)s.", named=named)
        return phrase("As far as it could be counted, most is in %(named)s.", named=named)

    def _named(self, each: FolderSize, *, by_files: bool) -> str:
        much = (
            phrases("%(files)s file", "%(files)s files", each.files, files=f"{each.files:,}")
            if by_files
            else format_bytes(each.size)
        )
        if self.found and each is self.found.trash:
            return phrase("the trash (%(much)s)", much=much)
        if not each.name:
            return phrase("files outside of folders (%(much)s)", much=much)
        name = each.name
        if len(name) > _LONGEST_NAME:
            name = f"{name[: _LONGEST_NAME - 1]}…"
        return phrase("%(folder)s (%(much)s)", folder=name, much=much)

    def _outcome(self) -> str:
        if self.emptied is None:
            return ""
        freed = phrase(
            "Emptying the trash gave %(size)s back.", size=format_bytes(self.emptied.freed)
        )
        if not self.emptied.left:
            return freed
        left = phrases(
            "%(count)d file in it could not be deleted: %(reason)s.",
            "%(count)d files in it could not be deleted: %(reason)s.",
            self.emptied.left,
            reason=self.emptied.reason or "",
        )
        return sentences(freed, left)

    def _try(self) -> None:
        try:
            self.counted(_FRESH)
        except OSError as error:
            log.warning("What takes the room in the home folder is not known: %s", error)

    def _count(self) -> FolderSizes:
        command = (sys.executable, "-P", "-m", folder_count.__name__)
        # surrogateescape: names need not be UTF-8
        arguments = (os.fspath(self._home), os.fspath(self._trash.folder), str(self._seconds))
        with subprocess.Popen(
            [*command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as self._child:
            try:
                said, wrong = self._child.communicate(timeout=self._seconds + _MORE_SECONDS)
            except subprocess.TimeoutExpired:
                self._child.kill()
                raise OSError("the file system does not answer") from None
        if self._child.returncode:
            lines = wrong.strip().splitlines() or [f"exit status {self._child.returncode}"]
            raise OSError(lines[-1])
        return self._read(json.loads(said))

    def _read(self, said: dict[str, object]) -> FolderSizes:
        folders, trash = said["folders"], said["trash"]
        assert isinstance(folders, dict)
        assert isinstance(trash, list)
        sizes = [self._folder(name, *amounts) for name, amounts in folders.items()]
        by_size = sorted(sizes, key=_size, reverse=True)[:_MOST_KEPT]
        by_files = sorted(sizes, key=_files, reverse=True)[:_NAMED]
        kept = by_size + [each for each in by_files if each not in by_size]
        trashed = FolderSize(self._trash.folder.name, None, *trash)
        return FolderSizes(tuple(kept), trashed, bool(said["complete"]), self._clock())

    def _folder(self, name: str, size: int, files: int) -> FolderSize:
        shown = os.fsencode(name).decode(errors="replace")
        path = self._path_in_lab(name) if shown == name else None
        return FolderSize(shown, path, size, files)

    def _age(self, found: FolderSizes) -> float:
        return abs(self._clock() - found.counted_at)  # also if the clock was set back


def _size(folder: FolderSize) -> int:
    return folder.size


def _files(folder: FolderSize) -> int:
    return folder.files

"""Keeps a session usable while its home folder is full or cannot be written, and says so."""

import errno
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpucommons_contract import HOME_NOTICE, Notice, NoticeLevel
from gpucommons_contract.formats.byte_sizes import format_bytes
from gpucommons_contract.words import phrase, sentences
from nbformat.sign import MemorySignatureStore, NotebookNotary
from traitlets import HasTraits

from gpucommons_lab.health.home_disk import DiskCheck
from gpucommons_lab.storage.home_space import EMPTY_TRASH, HomeSpace

_TRIED = 64 * 2**10
"""Bytes that are written: a small notebook."""
_FEWEST = 16
"""Files that must still fit: a starting program creates some folders first."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_REFUSED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


@dataclass(frozen=True, slots=True)
class HomeTrouble:
    """Why nothing can be written: a sentence, and whether bytes or files are used up."""

    sentence: str
    lacks_bytes: bool = False
    lacks_files: bool = False

    @property
    def lacks_room(self) -> bool:
        """Whether deleting something helps."""
        return self.lacks_bytes or self.lacks_files


def home_trouble(home: Path) -> HomeTrouble | None:
    """Return why nothing can be written into a folder; None if it can.

    What a file system reports does not include quotas, so a file is written and removed. This
    takes as long as the file system does.
    """
    try:
        with tempfile.NamedTemporaryFile(dir=home, prefix=".gpucommons-") as file:
            file.write(b"\0" * _TRIED)
            file.flush()
            os.fsync(file.fileno())  # NFS reports an error only then
    except OSError as error:
        return _why(home, error)
    return _too_many_files(home)


def _why(home: Path, error: OSError) -> HomeTrouble:
    if error.errno in _FULL:
        return _too_many_files(home) or HomeTrouble(_fullness(home), lacks_bytes=True)
    if error.errno in _REFUSED:
        return HomeTrouble(phrase("Your home folder is read-only."))
    return HomeTrouble(
        phrase(
            "Your home folder cannot be written to: %(reason)s.",
            reason=error.strerror or str(error),
        )
    )


def _too_many_files(home: Path) -> HomeTrouble | None:
    """Say so where the file system counts files and has hardly room for more."""
    try:
        found = os.statvfs(home)
    except OSError:
        return None
    if found.f_files and found.f_favail < _FEWEST:
        sentence = phrase(
            "Your home folder has reached its limit of %(files)s files.",
            files=f"{found.f_files:,}",
        )
        return HomeTrouble(sentence, lacks_files=True)
    return None


def _fullness(home: Path) -> str:
    try:
        found = os.statvfs(home)
    except OSError:
        return phrase("Your home folder is full.")
    size = found.f_blocks * found.f_frsize
    return phrase(
        "Your home folder is full: all of its %(size)s are in use.", size=format_bytes(size)
    )


log = logging.getLogger(__name__)

_WELL, _ILL = 60.0, 10.0
"""Seconds between two checks while all is well, and while it is not."""
_IPYTHON = "IPYTHONDIR"
"""Where a kernel keeps its history. Source: https://ipython.readthedocs.io, "IPython directory"."""


class HomeGuard:
    """Redirects what programs write into the home folder while that is impossible.

    Deleting then bypasses the trash, which takes room too and cannot be written. Which notebooks
    are trusted is remembered in memory only.
    """

    def __init__(
        self,
        contents: HasTraits,
        disk: DiskCheck,
        space: HomeSpace,
        *,
        chosen: Callable[[], str | None] = lambda: None,
        home: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``contents`` is the server's manager of files, whichever it has.

        ``disk`` warns beforehand; it is asked while the folder can be written. ``chosen`` is what
        the person chose of what the notice offers, if anything.
        """
        self._contents: Any = contents  # which traits it has depends on the class
        self._disk, self._space = disk, space
        self._chosen = chosen
        self._home = home or Path.home()
        self._clock = clock
        self._trouble: HomeTrouble | None = None
        self._counted = space.version
        self._next = float("-inf")
        self._scratch: Path | None = None
        self._had_trash = bool(getattr(contents, "delete_to_trash", False))

    def look(self) -> Notice | None:
        """Try to write, now and then; return the notice while that fails, or soon may.

        Empties the trash if the person has chosen that.
        """
        if self._chosen() == EMPTY_TRASH:
            self._space.empty_trash()
        disk = self._disk.look()
        if self._space.version != self._counted:
            self._counted, self._next = self._space.version, self._clock()
        if self._clock() >= self._next:
            self._try()
            self._next = self._clock() + (_ILL if self._trouble else _WELL)
        return self._notice(self._trouble) if self._trouble else disk

    def _notice(self, trouble: HomeTrouble) -> Notice:
        text, error = trouble.sentence, NoticeLevel.ERROR
        if not trouble.lacks_room:
            return Notice(HOME_NOTICE, sentences(text, _ADVICE), error)
        self._space.heed_trash()
        most = self._space.told(by_files=trouble.lacks_files)
        choices = self._space.choices()
        return Notice(HOME_NOTICE, sentences(text, most, _ADVICE), error, choices=choices)

    def _try(self) -> None:
        trouble = home_trouble(self._home)
        if trouble and not self._trouble:
            log.warning("%s", trouble.sentence)
            self._do_without()
            if trouble.lacks_room and self._disk.is_known:
                self._space.begin()
        elif self._trouble and not trouble:
            log.info("The home folder can be written again")
            self._go_back()
        self._trouble = trouble

    def close(self) -> None:
        """Leave nothing behind."""
        if self._scratch:
            self._go_back()
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _do_without(self) -> None:
        if self._had_trash:
            self._contents.delete_to_trash = False
        if self._contents.has_trait("notary"):
            self._contents.notary = _forgetful_notary(self._contents)
        if _IPYTHON not in os.environ:
            self._scratch = self._scratch or Path(tempfile.mkdtemp(prefix="gpucommons-home-"))
            os.environ[_IPYTHON] = str(self._scratch)

    def _go_back(self) -> None:
        if self._had_trash:
            self._contents.delete_to_trash = True
        if self._scratch and os.environ.get(_IPYTHON) == str(self._scratch):
            del os.environ[_IPYTHON]


_ADVICE = phrase(
    "Nothing can be saved there until this is fixed. Delete what you do not need: until there is "
    "room, deleted files are gone at once. If you cannot delete, ask your administrator."
)


def _forgetful_notary(contents: HasTraits) -> NotebookNotary:
    notary = NotebookNotary(  # type: ignore[no-untyped-call]
        parent=contents, store_factory=MemorySignatureStore
    )
    try:
        _ = notary.secret
    except OSError:  # there is none yet, and none can be kept
        notary.secret = os.urandom(1024)
    return notary

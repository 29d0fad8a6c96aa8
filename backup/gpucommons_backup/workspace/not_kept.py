"""What snapshots leave out, and why: what can be made again, and what people do not want kept."""

import re
import sys
from collections.abc import Collection, Iterable, Set
from dataclasses import dataclass
from enum import StrEnum

from gpucommons_backup.workspace.excludes import Excludes

MARK = b".nobackup"
"""A file of this name in a folder: nothing in that folder is kept but the file itself."""
UNFINISHED = b".gpucommons-restoring"
"""Folder of a workspace into which a snapshot is put back, until all of it is there."""
_UNFINISHED_OF_SESSION = b".gpucommons-putting-back-"
"""How names of folders begin that sessions put back, until all of them is there."""
CACHE_TAG = b"CACHEDIR.TAG"
CACHE_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"
"""How a file of that name begins, by which a folder is a cache. https://bford.info/cachedir/"""
_CACHES = {b"__pycache__", b"node_modules"}
_CACHES_AT_HOME = {b".cache", b".npm/_cacache", b".conda/pkgs"}
_TRASH = b".local/share/Trash"
_VENV, _CONDA = b"pyvenv.cfg", b"conda-meta"
_INSTALLED = re.compile(
    rb"(?:(.*)/)?(?:lib(?:32|64)?|include(?:/site)?)/(?:python|pypy)3\.\d+t?", re.DOTALL
)
"""Below an environment's folder only installers make these. All else there may be a person's own:
an environment is often made in a project's folder."""
_PACKAGE_CACHE = b"urls.txt"  # by which conda knows its folder pkgs
LARGE = 2**20
"""Bytes from which a file that conda has installed is left out by itself. Smaller ones are kept:
there are too many of them for one pattern each."""
# Written while they are read, so that a copy may be of no use.
_DATABASES = re.compile(rb"\.(?:ipython|local/share/jupyter)/(?:.+/)?[^/]+\.(?:sqlite|db)(?:-\w+)?")
_PLAIN = re.compile(rb"[A-Za-z0-9/._,:=@%+~-]")


class Reason(StrEnum):
    """Why something is not in snapshots."""

    CACHE = "cache"
    """Programs make it again: a cache, compiled modules."""
    TRASH = "trash"
    ENVIRONMENT = "environment"
    """Installed packages. Their list is kept."""
    MARKED = "marked"
    """A folder with a file ``.nobackup``: all in it but that file."""
    TOO_LARGE = "too-large"
    UNFINISHED = "unfinished"
    """What a restore has left that was killed. It is in the snapshot that was put back."""
    DATABASE = "database"
    """A database of Jupyter's or IPython's own, such as the history of prompts."""
    CHOSEN = "chosen"
    """Administrators leave out what is called so."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that is not kept."""

    path: bytes  # relative to the workspace
    reason: Reason
    size: int = 0  # bytes of files in it
    files: int = 0


def is_of_venv(names: Collection[bytes]) -> bool:
    """Judge by its names whether a folder is an environment of venv, virtualenv or uv."""
    return _VENV in names


def is_of_conda(names: Collection[bytes]) -> bool:
    """Judge by its names whether a folder is an environment of conda."""
    return _CONDA in names


def environment_of(
    path: bytes, inside: Collection[bytes], environments: Set[bytes], of_conda: Set[bytes]
) -> bytes | None:
    """Return into which of these environments a folder was installed; None if into none."""
    found = _INSTALLED.fullmatch(path)
    above, _, name = path.rpartition(b"/")
    if found and (environment := found[1] or b"") in environments:
        return environment
    is_cache = name == b"pkgs" and _PACKAGE_CACHE in inside
    return above if is_cache and above in of_conda else None


def why_not_folder(path: bytes) -> Reason | None:
    """Judge a folder by its path."""
    name = path.rsplit(b"/", 1)[-1]
    if path == _TRASH:
        return Reason.TRASH
    if path == UNFINISHED or (path == name and path.startswith(_UNFINISHED_OF_SESSION)):
        return Reason.UNFINISHED
    return Reason.CACHE if name in _CACHES or path in _CACHES_AT_HOME else None


def why_not_file(path: bytes, size: int, largest: int | None) -> Reason | None:
    """Judge a file by its path and its size in bytes; ``largest`` is as of `Excludes`."""
    if largest is not None and size > largest:
        return Reason.TOO_LARGE
    return Reason.DATABASE if _DATABASES.fullmatch(path) else None


def exclude_file(folder: bytes, left_out: Iterable[LeftOut], excludes: Excludes) -> bytes:
    """Write the file of patterns by which restic leaves out these paths, and nothing else."""
    root = _pattern(folder.rstrip(b"/"))
    by_name = (b"*".join(map(_pattern, each.encode().split(b"*"))) for each in excludes.names)
    paths = (each for each in left_out if each.reason is not Reason.CHOSEN)
    return b"".join(
        (
            *(_lines(root + b"/" + _pattern(each.path), each.reason) for each in paths),
            *(_lines(root + b"/**/" + each, Reason.CHOSEN) for each in by_name),
        )
    )


def _lines(pattern: bytes, reason: Reason) -> bytes:
    # restic trims blanks of any alphabet from a line's end, but not before a slash.
    if reason is not Reason.MARKED:
        return pattern + b"/\n"
    inside = pattern.rstrip(b"/") + b"/"
    return inside + b"*\n!" + inside + MARK + b"\n"


def _pattern(path: bytes) -> bytes:
    """Quote what restic's patterns, its trimming of lines and its variables would change."""
    return b"".join(_quoted(path[at : at + 1]) for at in range(len(path)))


def _quoted(byte: bytes) -> bytes:
    if _PLAIN.fullmatch(byte) or byte[0] >= 0x80:
        return byte
    if byte == b"$":
        return b"$$"
    if byte in b"\n\r":
        # "None of the others", as the character itself would end the line.
        others = f"\1-{chr(byte[0] - 1)}{chr(byte[0] + 1)}-{chr(sys.maxunicode)}"
        return b"[^" + others.encode() + b"]"
    return b"\\" + byte if byte in b"\\]^" else b"[" + byte + b"]"

"""The folder of an installation: all of its files are written, or none.

Files are written next to the folder first, and moved once all are there. `.written.json` in the
folder says which release wrote it, and what each file was then, and so which ones somebody changed
since.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gpucommons_installer.errors import InstallerError

WRITTEN = PurePosixPath(".written.json")
"""What was written when: SHA-256 by path. To be kept in git with the rest."""
ANSWERS = PurePosixPath("answers.yaml")
_NOT_OURS = {".git", str(ANSWERS)}
"""What may be in a folder before anything is written into it."""

Files = Mapping[PurePosixPath, str]


@dataclass(frozen=True, slots=True)
class Written:
    """What was written before.

    release is that of GPU Commons which wrote it last, empty if that was one before it was noted.
    hashes are those of the files then, by path.
    """

    release: str
    hashes: Mapping[PurePosixPath, str]


def is_new(folder: Path) -> bool:
    """Whether nothing is in the folder that could be overwritten. Raises InstallerError."""
    with _as_installer_error(folder):
        if not folder.exists():
            return True
        if not folder.is_dir():
            raise InstallerError(f"{folder} is a file; name a folder.")
        return all(each.name in _NOT_OURS for each in folder.iterdir())


def content(folder: Path, file: PurePosixPath) -> str | None:
    """Return what a file holds now; None if it is not there. Raises InstallerError."""
    with _as_installer_error(folder / file):
        try:
            return (folder / file).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None


def hash_of(text: str) -> str:
    """Return what represents a file's text in the list of what was written."""
    return hashlib.sha256(text.encode()).hexdigest()


def written(folder: Path) -> Written:
    """Read what was written before. Raises InstallerError."""
    file = folder / WRITTEN
    text = content(folder, WRITTEN)
    if text is None:
        raise InstallerError(
            f"{file}, which tells what was changed by hand, is missing. Name a folder that "
            "gpucommons init wrote, or a new one without --update."
        )
    try:
        said = json.loads(text)
        hashes = {PurePosixPath(name): str(known) for name, known in said["files"].items()}
        return Written(str(said.get("release", "")), hashes)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InstallerError(
            f"{file} cannot be read. Take it from your git as it was, or write a new folder and "
            "compare."
        ) from error


def list_of(written: Written) -> str:
    """Return the text of the list of what was written."""
    files = {str(name): written.hashes[name] for name in sorted(written.hashes)}
    about = "What gpucommons init wrote, so that --update finds what was changed by hand."
    said = {"about": about, "release": written.release, "files": files}
    return json.dumps(said, indent=2) + "\n"


def write(folder: Path, files: Files) -> None:
    """Write all files, or none. Raises InstallerError; what was there is there again then."""
    with _as_installer_error(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            new = beside / "new"
            for name, text in files.items():
                _write_one(new / name, text)
            if not folder.exists():
                new.rename(folder)
            else:
                _move_all(new, folder, list(files), beside / "before")
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def _write_one(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def _move_all(new: Path, folder: Path, names: list[PurePosixPath], before: Path) -> None:
    """Move files into the folder; if one cannot be, put everything back."""
    moved: list[PurePosixPath] = []
    made: list[Path] = []
    try:
        for name in names:
            target = folder / name
            made += _make_parents(target, folder)
            if target.exists():
                (before / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(target, before / name)
            (new / name).replace(target)
            moved.append(name)
    except OSError:
        for name in moved:
            if (before / name).exists():
                (before / name).replace(folder / name)
            else:
                (folder / name).unlink()
        for each in reversed(made):
            each.rmdir()
        raise


def _make_parents(file: Path, folder: Path) -> list[Path]:
    missing = [each for each in file.parents if folder in each.parents and not each.exists()]
    for each in reversed(missing):
        each.mkdir()
    return missing[::-1]


@contextmanager
def _as_installer_error(path: Path) -> Iterator[None]:
    """Turn what the system says into a sentence."""
    try:
        yield
    except OSError as error:
        where = error.filename or path
        raise InstallerError(
            f"{where}: {error.strerror}. Nothing was written; what was there is as it was."
        ) from error

"""A file with somebody's files: a tar that says what is in it, whole or not there at all.

It has the files below ``files/``, what they are in ``export.json``, and ``SHA256SUMS``, by which
``sha256sum --check SHA256SUMS`` compares what was unpacked.
"""

import hashlib
import io
import json
import os
import secrets
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from gpucommons_people.errors import InputError, PeopleError

FILES, SUMS, ABOUT = "files", "SHA256SUMS", "export.json"
_ENDS = (".tar.zst", ".tar")
_PART = 2**20  # bytes
_ZSTD = "zstd"

OnBytes = Callable[[int], None]
"""Called with how many bytes of files were dealt with. What it raises ends the work."""


@dataclass(slots=True)
class Content:
    """What was written: sums of files by their names in the tar."""

    entries: int = 0
    size: int = 0  # bytes of all files
    sums: dict[str, str] = field(default_factory=dict)


class Export:
    """One file that comes to be."""

    def __init__(self, target: Path) -> None:
        """Raises InputError for a name that is none, or a file that is there already."""
        if not target.name.endswith(_ENDS):
            raise InputError(f"--to {target}: its name must end with {' or '.join(_ENDS)}.")
        if target.exists():
            raise InputError(f"--to {target}: it is there already. Name a new file.")
        if not target.parent.is_dir():
            raise InputError(f"--to {target}: there is no folder {target.parent}.")
        if _packed(target) and shutil.which(_ZSTD) is None:
            raise InputError(f"The program {_ZSTD} is not there. Install it, or write to a .tar.")
        self._target = target
        self._part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")

    def write(
        self, parts: Iterator[bytes], size: int, about: Mapping[str, object], on_bytes: OnBytes
    ) -> Content:
        """Write what comes as tar, read it again, and give the file its name.

        size: bytes of all files that must be in it. about is for `ABOUT`. Raises PeopleError, or
        what ``parts`` and ``on_bytes`` raise, after what was written is gone.
        """
        try:
            content = self._write(parts, about, on_bytes)
            if content.size != size:
                raise PeopleError(
                    f"Nothing was written: the files that came have {content.size} bytes, and "
                    f"{size} were announced."
                )
            self._compare(content, on_bytes)
            if self._target.exists():
                raise InputError(f"--to {self._target}: somebody else has made it meanwhile.")
            self._part.rename(self._target)
        except tarfile.TarError as error:
            raise PeopleError(f"Nothing was written: what came is no tar: {error}.") from error
        except OSError as error:
            raise PeopleError(f"Nothing was written to {self._target}: {error}.") from error
        finally:
            self._part.unlink(missing_ok=True)
        return content

    def _write(
        self, parts: Iterator[bytes], about: Mapping[str, object], on_bytes: OnBytes
    ) -> Content:
        content = Content()
        with (
            _new(self._part, packed=_packed(self._target)) as file,
            tarfile.open(
                fileobj=file,
                mode="w|",
                format=tarfile.PAX_FORMAT,
                encoding="utf-8",
                errors="surrogateescape",
            ) as target,
            tarfile.open(
                fileobj=_Source(parts), mode="r|", encoding="utf-8", errors="surrogateescape"
            ) as source,
        ):
            for member in source:
                _move(member)
                content.entries += 1
                if not member.isreg():
                    target.addfile(member)
                    continue
                read = _Read(source.extractfile(member), on_bytes)
                target.addfile(member, read)
                content.size += member.size
                content.sums[member.name] = read.digest.hexdigest()
            about = {**about, "entries": content.entries, "bytes": content.size}
            _add(target, ABOUT, json.dumps(about, indent=2).encode() + b"\n")
            _add(target, SUMS, b"".join(sum_line(*each) for each in content.sums.items()))
        return content

    def _compare(self, content: Content, on_bytes: OnBytes) -> None:
        """Read the file again. Raises PeopleError if it has anything else."""
        found: dict[str, str] = {}
        with (
            _reading(self._part, packed=_packed(self._target)) as file,
            tarfile.open(
                fileobj=file, mode="r|", encoding="utf-8", errors="surrogateescape"
            ) as source,
        ):
            for member in source:
                if member.isreg() and member.name.startswith(f"{FILES}/"):
                    read = _Read(source.extractfile(member), on_bytes)
                    while read.read(_PART):
                        pass
                    found[member.name] = read.digest.hexdigest()
        if found != content.sums:
            raise PeopleError("Nothing was written: what is on the disk is not what came.")


def sum_line(name: str, digest: str) -> bytes:
    """Write a line of `SUMS` as sha256sum does: it begins with a backslash where one is in it."""
    raw = os.fsencode(name)
    safe = raw.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    return (b"\\" if safe != raw else b"") + digest.encode() + b"  " + safe + b"\n"


def _tar_to(file: IO[bytes]) -> tarfile.TarFile:
    return tarfile.open(
        fileobj=file,
        mode="w|",
        format=tarfile.PAX_FORMAT,
        encoding="utf-8",
        errors="surrogateescape",  # names of any bytes come back as they are
    )


def _tar_of(file: "IO[bytes] | _Source") -> tarfile.TarFile:
    return tarfile.open(fileobj=file, mode="r|", encoding="utf-8", errors="surrogateescape")


class _Source(io.RawIOBase):
    """Parts that come, as a file."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts, self._left = parts, b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        found = [self._left]
        many = len(self._left)
        while size < 0 or many < size:
            part = next(self._parts, None)
            if part is None:
                break
            found.append(part)
            many += len(part)
        whole = b"".join(found)
        end = len(whole) if size < 0 else size
        self._left = whole[end:]
        return whole[:end]


class _Read:
    """A file that is read once, with the sum of what was read."""

    def __init__(self, file: IO[bytes] | None, on_bytes: OnBytes) -> None:
        assert file
        self._file, self._on_bytes = file, on_bytes
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        part = self._file.read(size)
        self.digest.update(part)
        self._on_bytes(len(part))
        return part


def _move(member: tarfile.TarInfo) -> None:
    """Put an entry below `FILES`; what it says of its old name must not outlast it."""
    member.name = f"{FILES}/{member.name.removeprefix('./').lstrip('/')}"
    if member.islnk():
        member.linkname = f"{FILES}/{member.linkname.removeprefix('./').lstrip('/')}"
    old = ("path", "linkpath", "size")
    member.pax_headers = {k: v for k, v in member.pax_headers.items() if k not in old}


def _add(target: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o600
    target.addfile(member, io.BytesIO(content))


def _packed(target: Path) -> bool:
    return target.name.endswith(".zst")


@contextmanager
def _new(path: Path, *, packed: bool) -> Iterator[IO[bytes]]:
    """Make a file that nobody else may read, and have it on disk at the end."""
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(number, "wb") as file:
        if packed:
            with _program(["-q", "-T0", "-c"], stdin=subprocess.PIPE, stdout=file) as process:
                assert process.stdin
                yield process.stdin
        else:
            yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _reading(path: Path, *, packed: bool) -> Iterator[IO[bytes]]:
    with path.open("rb") as file:
        if packed:
            with _program(["-q", "-d", "-c"], stdin=file, stdout=subprocess.PIPE) as process:
                assert process.stdout
                yield process.stdout
                while process.stdout.read(_PART):  # what is behind the end of the tar
                    pass
        else:
            yield file


@contextmanager
def _program(
    options: list[str], stdin: int | IO[bytes], stdout: int | IO[bytes]
) -> "Iterator[subprocess.Popen[bytes]]":
    """Run zstd. Raises PeopleError if it fails; it is ended where what it is for is given up."""
    process = subprocess.Popen([_ZSTD, *options], stdin=stdin, stdout=stdout)
    try:
        yield process
        if process.stdin:
            process.stdin.close()
        if process.wait():
            raise PeopleError(f"Nothing was written: {_ZSTD} ended with {process.returncode}.")
    finally:
        process.kill()
        process.wait()
        for each in (process.stdin, process.stdout):
            if each:
                with suppress(OSError):  # what nobody takes any more
                    each.close()

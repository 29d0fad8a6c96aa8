"""A file that is replaced as a whole: whoever reads it sees all of the old or all of the new."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from gpucommons_people.files.folders import sync_folder

from gpucommons_config.pinning.errors import PinningError


def replace_whole(path: Path, before: bytes, after: bytes) -> None:
    """Write a file again, on disk when this returns; mode and owner stay, and so do links to it.

    before is what it held when it was read. Raises PinningError if it holds something else by
    now, or cannot be written; nothing is changed then.
    """
    try:
        real = path.resolve(strict=True)
        new = _written_beside(real, after)
        try:
            if real.read_bytes() != before:
                raise PinningError(f"{path}: somebody changed it meanwhile; run the command again")
            new.replace(real)
        finally:
            new.unlink(missing_ok=True)  # gone, if it has taken the place
        with suppress(OSError):  # some file systems cannot; the file is whole in any case
            sync_folder(real.parent)
    except OSError as error:
        raise PinningError(f"{path}: cannot be written: {error.strerror}") from error


def _written_beside(file: Path, content: bytes) -> Path:
    status = file.stat()
    opened, name = tempfile.mkstemp(dir=file.parent, prefix=".gpucommons-")
    new = Path(name)
    try:
        with os.fdopen(opened, "wb") as writing:
            writing.write(content)
            with suppress(PermissionError):  # only root may give files away
                os.fchown(writing.fileno(), status.st_uid, status.st_gid)
            os.fchmod(writing.fileno(), status.st_mode & 0o7777)
            writing.flush()
            os.fsync(writing.fileno())
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    return new

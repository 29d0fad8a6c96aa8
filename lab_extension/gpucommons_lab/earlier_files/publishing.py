"""How what was made elsewhere in the home folder gets its name, over nothing that is there."""
# Names are bytes of any encoding:
# ruff: noqa: PTH102, PTH104, PTH106, PTH120

import contextlib
import errno
import os
from collections.abc import Iterable

from gpucommons_lab.earlier_files.putting_back import names_beside, sync_folder

_TAKEN = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR}


def publish(made: bytes, names: Iterable[bytes]) -> bytes:
    """Move a folder to the first name that is free, and return that.

    What there is under a name is left alone, also if it comes at this very moment.
    """
    for name in names:
        try:
            os.mkdir(name)
            try:
                os.rename(made, name)  # an empty folder is replaced, and nothing else
            except OSError:
                with contextlib.suppress(OSError):
                    os.rmdir(name)
                raise
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
        else:
            sync_folder(os.path.dirname(name))
            return name
    raise AssertionError("there is a next number")


def exchange(made: bytes, place: bytes) -> bytes | None:
    """Move a folder to where something is, and return the name that this one has then, if any."""
    if not os.path.lexists(place):
        os.rename(made, place)
        sync_folder(os.path.dirname(place))
        return None
    kept = next(each for each in names_beside(place) if not os.path.lexists(each))
    os.rename(place, kept)
    try:
        os.rename(made, place)
    except OSError:
        os.rename(kept, place)
        raise
    sync_folder(os.path.dirname(place))
    return kept

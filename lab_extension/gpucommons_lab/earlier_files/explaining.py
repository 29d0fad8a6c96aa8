"""What a person reads where an earlier version cannot be had. The file is as it was."""

from errno import EDQUOT, ENOSPC
from http import HTTPStatus
from http.client import HTTPException

from gpucommons_contract.words import phrase

from gpucommons_lab.earlier_files.putting_back import CutOffError, NoRoomError
from gpucommons_lab.earlier_files.service import NoSuchVersionError, ServiceError

EXPLAINED = (ServiceError, NoRoomError, CutOffError, HTTPException, OSError)


def explanation(error: Exception) -> tuple[HTTPStatus, str]:
    """Return the status and the sentence for one of EXPLAINED."""
    if isinstance(error, NoSuchVersionError):
        return HTTPStatus.NOT_FOUND, phrase("This version is not there any more.")
    if isinstance(error, PermissionError):
        return HTTPStatus.FORBIDDEN, phrase("This folder cannot be written.")
    no_room = isinstance(error, OSError) and error.errno in (ENOSPC, EDQUOT)
    if no_room or isinstance(error, NoRoomError):
        return HTTPStatus.INSUFFICIENT_STORAGE, phrase(
            "There is no room for this version. Delete what you do not need, and try again."
        )
    return HTTPStatus.SERVICE_UNAVAILABLE, phrase(
        "This version cannot be fetched at the moment; your file is as it was. Try again later."
    )

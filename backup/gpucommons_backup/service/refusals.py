"""Errors for a request that is refused. None tells whether something exists that is not theirs."""

from http import HTTPStatus

from tornado.web import HTTPError


class RefusedError(HTTPError):
    """A request that is not granted: message says why, and what is allowed or to do."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(status.value)
        self.message = message


def missing() -> RefusedError:
    """There is no such thing, or it is not this person's to know."""
    return RefusedError(HTTPStatus.NOT_FOUND, "There is nothing of yours at this path.")


def wrong(message: str) -> RefusedError:
    """What was sent is not what is allowed."""
    return RefusedError(HTTPStatus.BAD_REQUEST, message)


def too_large() -> RefusedError:
    """A folder has more entries than the service can hold."""
    return RefusedError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "A folder on this path has too many files to be looked into here. An administrator can put "
        "it back.",
    )


def busy() -> RefusedError:
    """Too much is asked for at once."""
    return RefusedError(
        HTTPStatus.SERVICE_UNAVAILABLE, "Too many people look for earlier files. Try again."
    )


def store_away() -> RefusedError:
    """The store does not answer, or not as it should."""
    return RefusedError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Earlier files cannot be read at the moment. Try again later; if it stays so, tell an "
        "administrator.",
    )

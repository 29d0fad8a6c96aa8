"""What a request is answered that cannot be granted."""

from http import HTTPStatus

from tornado.web import HTTPError


class RefusedError(HTTPError):  # type: ignore[misc]  # Tornado publishes none here
    """A request that is not granted: message says why, what is allowed and what to do."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(status.value)
        self.message = message


def wrong(message: str) -> RefusedError:
    """What was sent is not what is allowed."""
    return RefusedError(HTTPStatus.BAD_REQUEST, message)


def forbidden(message: str) -> RefusedError:
    """It is not for this person."""
    return RefusedError(HTTPStatus.FORBIDDEN, message)


def missing(message: str) -> RefusedError:
    """There is no such thing, or it is not this person's to know."""
    return RefusedError(HTTPStatus.NOT_FOUND, message)

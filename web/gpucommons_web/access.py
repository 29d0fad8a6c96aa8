"""Who makes a request, and the errors for one that is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from tornado.web import HTTPError

ADMINISTERS = "admin-ui"
"""The scope to see and keep everybody's sessions: JupyterHub's for its admin page.

It opens nothing in the hub by itself, so that the service's tokens for people stay harmless.
"""
READS_METRICS = "read:metrics"
"""The scope to read JupyterHub's own metrics."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with an account, or a service of the hub: then name is None."""

    name: str | None
    title: str
    """How the audit names them."""
    administers: bool
    token: str = ""
    """The id of the token that they came with: it ends with the account."""

    @classmethod
    def of(cls, model: Mapping[str, Any]) -> "Caller":
        """Read the hub's answer to "who am I"."""
        name, is_user = str(model["name"]), model.get("kind") == "user"
        title = name if is_user else f"the service {name}"
        administers = ADMINISTERS in model.get("scopes", ())
        token = str(model.get("token_id") or "")
        return cls(name if is_user else None, title, administers, token)


class RefusedError(HTTPError):
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

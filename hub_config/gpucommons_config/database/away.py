"""What the hub answers while its database is away: 503, and a sentence.

JupyterHub takes everybody for signed out then: it leads browsers to the login page, and refuses
tokens with a 403, which programs take for final.
"""

from http import HTTPStatus
from typing import Any

from gpucommons_sessions.hub_database import answers, roll_back
from jupyterhub.handlers import BaseHandler
from jupyterhub.handlers.metrics import MetricsHandler
from jupyterhub.handlers.pages import HealthCheckHandler
from sqlalchemy.exc import DBAPIError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from tornado.web import HTTPError

SENTENCE = (
    "The hub's database does not answer at the moment. Running sessions continue, and you "
    "stay signed in. Try again in a minute."
)
_RETRY_AFTER_SECONDS = 10
_WITHOUT_DATABASE = (HealthCheckHandler, MetricsHandler)
"""A hub is well without its database: nothing should restart it for that."""
_prepare = BaseHandler.prepare
_handle = BaseHandler._handle_request_exception


class DatabaseAwayError(HTTPError):
    """The database does not answer, which is not the mistake of whoever asks.

    cause is for the hub's log, as the driver says it: SQLAlchemy would add what was asked.
    """

    def __init__(self, cause: BaseException | None = None) -> None:
        said = str(getattr(cause, "orig", None) or "").strip()
        message = f"the hub's database does not answer{': ' if said else ''}{said}"
        super().__init__(HTTPStatus.SERVICE_UNAVAILABLE, message)
        self.jupyterhub_message = SENTENCE
        self.headers = {"Retry-After": str(_RETRY_AFTER_SECONDS)}


def say_when_it_is_away() -> None:
    """Have all pages and endpoints of this process say so. A second call changes nothing."""
    BaseHandler.prepare = _prepared
    BaseHandler._handle_request_exception = _handled


async def _prepared(handler: Any) -> None:  # noqa: ANN401 -- a handler of JupyterHub
    """Find out who asks, as JupyterHub does next, but do not take a failure for nobody."""
    if not isinstance(handler, _WITHOUT_DATABASE):
        if not answers(handler.db):
            raise _away(handler)
        handler.expanded_scopes = set()  # as JupyterHub has it while it finds out
        try:
            await handler.get_current_user()
        except SQLAlchemyError as error:
            raise _away(handler, error) from error
        except Exception:
            handler.log.exception("Failed to get current user")
    await _prepare(handler)


def _handled(handler: Any, error: BaseException) -> None:  # noqa: ANN401
    """Answer a request that failed for whatever reason."""
    if is_loss(error):
        try:
            raise _away(handler, error) from error
        except DatabaseAwayError as away:
            _handle(handler, away)
    else:
        _handle(handler, error)


def is_loss(error: BaseException | None) -> bool:
    """Say whether an error is that the database is away, and not a mistake in what was asked."""
    if isinstance(error, DBAPIError):
        # The driver's own OperationalError is all kinds of trouble at the server's side.
        return error.connection_invalidated or type(error.orig).__name__ == "OperationalError"
    return isinstance(error, PendingRollbackError | PoolTimeoutError)


def _away(
    handler: Any,  # noqa: ANN401
    cause: BaseException | None = None,
) -> DatabaseAwayError:
    """Let the next request start afresh, and show this one a page that needs no database."""
    roll_back(handler.db)
    handler._jupyterhub_user = None
    handler.expanded_scopes, handler.parsed_scopes = set(), {}
    # JupyterHub would set nobody's, and forms in other tabs be refused afterwards.
    handler._xsrf_token = b""
    return DatabaseAwayError(cause)

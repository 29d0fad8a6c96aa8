"""What pages and API share: they identify the caller, explain a refusal and send no secrets."""

import logging
from http import HTTPStatus
from types import TracebackType
from typing import Any

from gpucommons_contract.page_policy import CONTENT_POLICY, HEADERS, PAGE, content_policy
from gpucommons_upkeep.logs import note
from jupyterhub.services.auth import HubOAuth, HubOAuthenticated, UserNotAllowed
from jupyterhub.utils import get_browser_protocol
from tornado.web import Finish, HTTPError, MissingArgumentError, RequestHandler

from gpucommons_web.access import Caller, RefusedError, forbidden
from gpucommons_web.fields import Fields

log = logging.getLogger(__name__)

_POLICY = content_policy(PAGE)
_FAILED = "Something went wrong. Try again in a minute; if it keeps failing, tell an administrator."


class BaseHandler(HubOAuthenticated, RequestHandler):  # type: ignore[misc]  # they publish no types
    """Identifies the caller before anything is done.

    A request that changes something and comes with a cookie must send XSRF's token too: without
    it JupyterHub ignores the cookie.
    """

    person: Caller
    hub_auth: HubOAuth

    def set_default_headers(self) -> None:
        """Keep answers out of caches and of other sites' frames."""
        self.set_header("Cache-Control", "no-store")
        self.set_header(CONTENT_POLICY, _POLICY)
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def set_cookie(self, name: str, value: str | bytes, **options: Any) -> None:  # type: ignore[override]  # noqa: ANN401
        """Set a cookie, for HTTPS alone where the browser came by it; JupyterHub's too.

        Requests that another site makes come without it, but for links that somebody follows.
        """
        options.setdefault("secure", get_browser_protocol(self.request) == "https")
        options.setdefault("samesite", "Lax")
        super().set_cookie(name, value, **options)

    def get_current_user(self) -> None:
        """Return nobody: `prepare` identifies the caller without blocking the event loop."""

    async def prepare(self) -> None:
        """Identify the caller."""
        model = await self.hub_auth.get_user(self, sync=False)
        if model is None:
            self.ask_to_sign_in()
            raise Finish
        try:
            self.check_hub_user(model)
        except UserNotAllowed:
            raise forbidden(
                "You may not use this page. Ask an administrator for access to it."
            ) from None
        self.current_user = model
        self.person = Caller.of(model)
        note(by=str(model["name"]), user=self.person.name or "")

    def ask_to_sign_in(self) -> None:
        """Respond to a caller who is not signed in."""
        raise NotImplementedError

    def log_exception(
        self,
        _typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Log what is not the visitor's mistake, without the address's query: it has secrets."""
        what, where = self.request.method, self.request.path
        if isinstance(value, HTTPError):
            log.info("%s %s was refused: %s", what, where, value)
        elif value is not None:
            log.error("%s %s failed", what, where, exc_info=(type(value), value, tb))

    def query(self) -> Fields:
        """Return the fields of the address."""
        names = self.request.query_arguments
        return {name: self.get_query_arguments(name) for name in names}

    def message(self, status: int, exc_info: Any = None) -> str:  # noqa: ANN401
        """Return the message for a request that failed."""
        error = exc_info[1] if exc_info else None
        if isinstance(error, RefusedError):
            return error.message
        if isinstance(error, MissingArgumentError):
            return f"{error.arg_name} is missing."
        if status == HTTPStatus.NOT_FOUND:
            return "There is nothing at this address."
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            return f"{self.request.method} is not possible at this address."
        if isinstance(error, HTTPError) and status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return HTTPStatus(status).description or HTTPStatus(status).phrase
        return _FAILED

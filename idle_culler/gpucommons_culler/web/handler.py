"""What all pages and all of the API do alike: know who asks, refuse in words, send no secrets."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any

from jupyterhub.services.auth import HubOAuth, HubOAuthenticated, UserNotAllowed
from tornado.web import Finish, HTTPError, MissingArgumentError, RequestHandler

from gpucommons_culler.web.asked import Fields
from gpucommons_culler.web.desk import Desk
from gpucommons_culler.web.person import Person
from gpucommons_culler.web.refused import RefusedError, forbidden, wrong

log = logging.getLogger(__name__)

_POLICY = "default-src 'self'; img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'"
_FAILED = "Something went wrong here. Try again in a minute; tell an administrator if it stays so."


@dataclass(frozen=True, slots=True)
class Site:
    """What each handler is given."""

    desk: Desk
    hub_auth: HubOAuth
    dry_run: bool = False


class BaseHandler(HubOAuthenticated, RequestHandler):  # type: ignore[misc]  # they publish no types
    """Knows who asks before anything is done.

    Who comes with a cookie and changes something has to send XSRF's token too: JupyterHub takes
    the cookie for nothing without it.
    """

    person: Person

    def initialize(self, site: Site) -> None:
        """Take what the application gives."""
        self.site = site
        self.desk = site.desk
        self.hub_auth = site.hub_auth

    def set_default_headers(self) -> None:
        """Keep answers out of caches and of other sites' frames."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Security-Policy", _POLICY)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "same-origin")

    def get_current_user(self) -> None:
        """Answer nobody: `prepare` says who it is, without holding up the event loop."""

    async def prepare(self) -> None:
        """Find out who asks."""
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
        self.person = Person.of(model)

    def ask_to_sign_in(self) -> None:
        """Answer somebody who is not known."""
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
        """Answer the fields of the address."""
        names = self.request.query_arguments
        return {name: self.get_query_arguments(name) for name in names}

    def message(self, status: int, exc_info: Any = None) -> str:  # noqa: ANN401
        """Answer what somebody is to read whose request failed."""
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


class APIHandler(BaseHandler):
    """Answers JSON. For scripts with a token, and for pages with cookie and XSRF's token."""

    def ask_to_sign_in(self) -> None:
        """Say how to."""
        self.set_header("WWW-Authenticate", "token")
        self.set_status(HTTPStatus.UNAUTHORIZED)
        self.answer(
            {
                "status": HTTPStatus.UNAUTHORIZED,
                "message": "Send a token of JupyterHub that may use this service, in the header "
                '"Authorization: token …". One is made at /hub/token.',
            }
        )

    def answer(self, value: Mapping[str, object]) -> None:
        """Answer an object."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps(value, default=str))

    def body(self) -> Fields:
        """Answer the fields of the JSON object that was sent."""
        try:
            sent = json.loads(self.request.body or b"{}")
        except (ValueError, RecursionError) as error:
            raise wrong(f"Send a JSON object: {error}.") from None
        if not isinstance(sent, dict):
            raise wrong(f"Send a JSON object, not a {type(sent).__name__}.")
        return {name: [value] for name, value in sent.items()}

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401
        """Answer in JSON too."""
        message = self.message(status_code, kwargs.get("exc_info"))
        self.answer({"status": status_code, "message": message})

"""Leads the first visit of JupyterLab to the welcome notebook, and no other one."""

from typing import Any
from urllib.parse import quote

from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, Rule
from tornado.web import Application, RequestHandler


class FirstPage(Matcher):
    """Matches the first time that a browser opens JupyterLab as such, and not a file in it."""

    def __init__(self, base_url: str, file: str) -> None:
        """file: path of the notebook, below what JupyterLab shows."""
        self._page = f"{base_url}lab"
        self._target: str | None = f"{base_url}lab/tree/{quote(file)}"

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Return where to go; None if it is another page, or not the first time."""
        is_page = request.path.rstrip("/") == self._page and not request.query
        by_person = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
        if self._target is None or not (is_page and by_person):
            return None
        target, self._target = self._target, None
        return {"target_kwargs": {"target": target}}


class FirstPageHandler(RequestHandler):
    """Redirects. The target checks who asks."""

    def initialize(self, target: str) -> None:
        """target: path of the notebook's page."""
        self._target = target

    def get(self) -> None:
        """Redirect for this time alone."""
        self.redirect(self._target)


def open_first(app: Application, base_url: str, file: str) -> None:
    """Have a server show this notebook to who opens JupyterLab for the first time."""
    app.add_handlers(".*", [Rule(FirstPage(base_url, file), FirstPageHandler)])

"""Addresses that lead to another one of this server.

Links of the classic Notebook, as old courses have them, open the same files in JupyterLab. Another
spelling of the session's address, such as ``/user/ada%40example.org/``, leads to it: the proxy
decodes what it looks up and sends such a request here, where the server compares letter by letter.
"""

import re
from importlib.util import find_spec
from typing import Any
from urllib.parse import unquote

from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, Rule
from tornado.web import Application, RequestHandler

_PATH = re.compile(r"(?:nbclassic/?)?(?:(?:tree|notebooks|edit|view)(?:/(?P<file>.*))?)?")
_ADDRESSES = r"/(?:nbclassic|(?:nbclassic/)?(?:tree|notebooks|edit|view))(?:/.*)?"
_OWN = ("notebook", "nbclassic")
"""Packages that serve such addresses themselves."""


class ClassicLinkHandler(RequestHandler):
    """Redirects. The target checks who asks."""

    def initialize(self, base_url: str) -> None:
        """base_url: the session's, with a slash at its end."""
        self._base_url = base_url

    def get(self) -> None:
        """Redirect, with the query: JupyterLab reads some of it, too."""
        query = f"?{self.request.query}" if self.request.query else ""
        self.redirect(
            self._base_url + path_in_lab(self.request.path[len(self._base_url) :]) + query
        )


def path_in_lab(path: str) -> str:
    """Return JupyterLab's path for one of the classic Notebook; both below the base URL."""
    found = _PATH.fullmatch(path)
    file = ((found and found["file"]) or "").strip("/")
    return f"lab/tree/{file}" if file else "lab"


def classic_links(base_url: str) -> list[tuple[str, type[ClassicLinkHandler], dict[str, str]]]:
    """Return the handlers; none where the Notebook itself is installed."""
    if any(find_spec(name) for name in _OWN):
        return []
    return [(_ADDRESSES, ClassicLinkHandler, {"base_url": base_url})]


_KEEPS_METHOD = 307


class OtherSpelling(Matcher):
    """Matches paths below a base URL that is written with other escapes."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._parts = _parts(base_url)

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Return where the request belongs; None unless only the base URL's spelling differs."""
        if request.path.startswith(self._base_url):
            return None
        head = request.path.split("/", len(self._parts) + 1)
        mine, rest = head[: len(self._parts) + 1], head[len(self._parts) + 1 :]
        if [unquote(part) for part in mine[1:]] != self._parts:
            return None
        query = f"?{request.query}" if request.query else ""
        target = self._base_url + (rest[0] if rest else "") + query
        return {"target_kwargs": {"target": target}}


class RightSpellingHandler(RequestHandler):
    """Redirects every request. The target checks who asks."""

    def initialize(self, target: str) -> None:
        """target: path and query of the same request in the right spelling."""
        self._target = target

    def check_xsrf_cookie(self) -> None:
        """Check nothing: nothing is done here, and the target checks it."""

    def prepare(self) -> None:
        """Redirect, whatever the method."""
        self.redirect(self._target, status=_KEEPS_METHOD)


def redirect_other_spellings(app: Application, base_url: str) -> None:
    """Have a server redirect requests whose path spells its base URL in another way."""
    app.add_handlers(".*", [Rule(OtherSpelling(base_url), RightSpellingHandler)])


def _parts(path: str) -> list[str]:
    return [unquote(part) for part in path.strip("/").split("/")]

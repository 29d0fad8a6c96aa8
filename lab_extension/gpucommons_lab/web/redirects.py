"""Addresses that lead to another one of this server.

Links of the classic Notebook, as old courses have them, open the same files in Notebook 7 where it
is installed, as in the images, and else in JupyterLab. Another spelling of the session's address,
such as ``/user/ada%40example.org/``, leads to it: the proxy decodes what it looks up and sends such
a request here, where the server compares letter by letter.
"""

import re
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any
from urllib.parse import unquote

from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, Rule
from tornado.web import Application, RequestHandler

_PATH = re.compile(r"(?:nbclassic/?)?(?:(?:tree|notebooks|edit|view)(?:/(?P<file>.*))?)?")
_ADDRESSES = r"/(?:nbclassic|(?:nbclassic/)?(?:tree|notebooks|edit|view))(?:/.*)?"
_NBCLASSIC = "nbclassic"
_NBCLASSIC_ADDRESSES = rf"/{_NBCLASSIC}(?:/.*)?"


class ClassicLinkHandler(RequestHandler):
    """Redirects. The target checks who asks."""

    def initialize(self, base_url: str, lead: Callable[[str], str]) -> None:
        """base_url: the session's, with a slash at its end. lead: from a path below it to one."""
        self._base_url = base_url
        self._lead = lead

    def get(self) -> None:
        """Redirect, with the query: JupyterLab reads some of it, too."""
        query = f"?{self.request.query}" if self.request.query else ""
        path = self._lead(self.request.path[len(self._base_url) :])
        self.redirect(self._base_url + path + query)


def path_in_lab(path: str) -> str:
    """Return JupyterLab's path for one of the classic Notebook; both below the base URL."""
    found = _PATH.fullmatch(path)
    file = ((found and found["file"]) or "").strip("/")
    return f"lab/tree/{file}" if file else "lab"


def path_in_notebook(path: str) -> str:
    """Return Notebook 7's path for one of nbclassic; both below the base URL."""
    return path.removeprefix(_NBCLASSIC).strip("/") or "tree"


def classic_links(base_url: str) -> list[tuple[str, type[ClassicLinkHandler], dict[str, Any]]]:
    """Return the handlers of what neither Notebook 7 nor nbclassic serves itself."""
    if find_spec(_NBCLASSIC):
        return []
    if find_spec("notebook"):
        address, lead = _NBCLASSIC_ADDRESSES, path_in_notebook
    else:
        address, lead = _ADDRESSES, path_in_lab
    return [(address, ClassicLinkHandler, {"base_url": base_url, "lead": lead})]


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

"""What the hub's proxy shows while what was asked for does not answer, as while the hub restarts.

The culler serves it, because it goes on meanwhile. The proxy asks with
``--error-target=http://HOST:PORT/proxy-errors``, and passes the page on with its own status.
"""

from gpucommons_contract.brand import Appearance
from gpucommons_contract.page_policy import content_hash, content_policy
from tornado.web import RequestHandler

from gpucommons_culler.web.rendering import render

PROXY_ERRORS = "/proxy-errors"
"""At the root of the service's own port, which people do not reach."""


def away_page(appearance: Appearance, hub: str = "/hub/") -> str:
    """Return the page. It needs nothing of any server, and looks again with growing pauses.

    hub: the hub's path, for a link.
    """
    return render("away.html", {"appearance": appearance, "hub": hub, "policy": _policy})


def _policy(style: str, script: str) -> str:
    """Let through what is in the page, and its looking again."""
    return content_policy(
        {
            "default-src": "'none'",
            "img-src": "data:",
            "style-src": content_hash(style),
            "script-src": content_hash(script),
            "connect-src": "'self'",
            "base-uri": "'none'",
            "form-action": "'none'",
        }
    )


class AwayHandler(RequestHandler):
    """Gives the proxy the page, for whatever address and error."""

    def initialize(self, page: str) -> None:
        """Take what `away_page` returned."""
        self._page = page

    def get(self) -> None:
        """Respond with the page."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(self._page)

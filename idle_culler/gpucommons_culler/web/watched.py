"""What machines ask: metrics for Prometheus, health for Kubernetes.

At the root of the service's own port both are open; the hub's proxy leads nobody there. Below
the service's prefix, which everybody reaches, metrics need a token and health gives no reason.
"""

from collections.abc import Callable
from http import HTTPStatus

from jupyterhub.services.auth import HubOAuth
from tornado.web import RequestHandler

from gpucommons_culler.metrics import CONTENT_TYPE, Metrics
from gpucommons_culler.web.person import READS_METRICS

Health = Callable[[], str | None]
"""Answers what is wrong; None if nothing is."""


class HealthHandler(RequestHandler):  # type: ignore[misc]  # Tornado publishes none here
    """Whether the culler still works: 200, or 503 with the reason."""

    def initialize(self, health: Health, *, in_detail: bool = True) -> None:
        """Take what the application gives."""
        self._health = health
        self._in_detail = in_detail

    def get(self) -> None:
        """Answer in a word, or say what is wrong."""
        problem = self._health()
        if problem is not None:
            self.set_status(HTTPStatus.SERVICE_UNAVAILABLE)
            problem = problem if self._in_detail else "Not well; the log says why."
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{problem or 'ok'}\n")


class MetricsHandler(RequestHandler):  # type: ignore[misc]  # Tornado publishes none here
    """The metrics, for whoever gets there."""

    def initialize(self, metrics: Metrics, hub_auth: HubOAuth | None = None) -> None:
        """Take what the application gives."""
        self._metrics = metrics
        self._hub: HubOAuth = hub_auth

    def get(self) -> None:
        """Answer all of them."""
        self.set_header("Content-Type", CONTENT_TYPE)
        self.finish(self._metrics.exposition())


class GuardedMetricsHandler(MetricsHandler):
    """The metrics, for a token of the hub that may read the hub's own."""

    async def prepare(self) -> None:
        """Refuse everybody else. No cookie is looked at."""
        hub_auth = self._hub
        model = None
        if hub_auth and (token := hub_auth.get_token(self, in_cookie=False)):
            model = await hub_auth.user_for_token(token, sync=False)
        if model is None or READS_METRICS not in model["scopes"]:
            self.set_status(HTTPStatus.FORBIDDEN)
            self.finish(f"Send a token of JupyterHub with the scope {READS_METRICS}.\n")

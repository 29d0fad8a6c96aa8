"""Metrics for Prometheus and health for Kubernetes.

At the root of the service's own port both are open; the hub's proxy routes nobody there. Below
the service's prefix, which everybody can reach, metrics need a token and health gives no reason.
"""

from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Protocol

from gpucommons_upkeep import Heartbeat
from jupyterhub.services.auth import HubOAuth
from tornado.web import RequestHandler

from gpucommons_web.access import READS_METRICS

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Of Prometheus' text format."""
Health = Callable[[], str | None]
"""Returns what is wrong; None if nothing is."""


def trouble_of(hearts: Iterable[Heartbeat]) -> str | None:
    """Say of all loops that no longer do their work since when, and why; None if all do."""
    return "; ".join(filter(None, (each.trouble() for each in hearts))) or None


class Metrics(Protocol):
    """What Prometheus may read."""

    def exposition(self) -> bytes | str:
        """Return all of it in Prometheus' text format."""


class HealthHandler(RequestHandler):
    """Whether the service still works: 200, or 503 with the reason; then the age of each loop."""

    def initialize(
        self, health: Health, hearts: Sequence[Heartbeat] = (), *, in_detail: bool = True
    ) -> None:
        """Take what the application gives."""
        self._health = health
        self._hearts = hearts if in_detail else ()
        self._in_detail = in_detail

    def get(self) -> None:
        """Respond with ``ok`` or with what is wrong."""
        problem = self._health()
        if problem is not None:
            self.set_status(HTTPStatus.SERVICE_UNAVAILABLE)
            problem = problem if self._in_detail else "Not well; the log says why."
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        ages = [f"{each.name}: {each.age:.0f} s ago" for each in self._hearts]
        self.finish("".join(f"{line}\n" for line in (problem or "ok", *ages)))


class MetricsHandler(RequestHandler):
    """The metrics, for whoever gets there."""

    def initialize(self, metrics: Metrics, hub_auth: HubOAuth | None = None) -> None:
        """Take what the application gives."""
        self._metrics = metrics
        self._hub: HubOAuth = hub_auth

    async def get(self) -> None:
        """Respond with all of them."""
        said = await self.exposition()
        self.set_header("Content-Type", CONTENT_TYPE)
        self.finish(said)

    async def exposition(self) -> bytes | str:
        """Return all of them; where that takes a while, it is not to hold up the others."""
        return self._metrics.exposition()


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

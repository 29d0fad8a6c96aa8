"""All addresses of the culler, put together."""

import logging
from dataclasses import dataclass

from jupyterhub.services.auth import HubOAuth
from tornado.web import Application, RequestHandler, StaticFileHandler

from gpucommons_culler.metrics import Metrics
from gpucommons_culler.web.desk import Desk
from gpucommons_culler.web.events_api import EventsAPI
from gpucommons_culler.web.exemptions_api import ExemptionAPI, ExemptionsAPI
from gpucommons_culler.web.exemptions_page import EndExemption, ExemptionsPage
from gpucommons_culler.web.handler import Site
from gpucommons_culler.web.history_page import HistoryPage
from gpucommons_culler.web.home_page import HomePage
from gpucommons_culler.web.page import STATIC, NothingHere
from gpucommons_culler.web.session_page import SessionPage
from gpucommons_culler.web.sessions_api import KeepAPI, SessionAPI, SessionsAPI
from gpucommons_culler.web.sessions_page import SessionsPage
from gpucommons_culler.web.signed_in_page import SignedInPage
from gpucommons_culler.web.watched import (
    GuardedMetricsHandler,
    Health,
    HealthHandler,
    MetricsHandler,
)

log = logging.getLogger(__name__)

_SESSION = r"([^/]+)(?:/([^/]+))?"
"""NAME or NAME/SERVER, each quoted as in any address."""
_NUMBER = r"([0-9]{1,18})"


@dataclass(frozen=True, slots=True)
class Serving:
    """What the pages are made of."""

    desk: Desk
    metrics: Metrics
    health: Health
    hub_auth: HubOAuth
    cookie_secret: bytes
    """Signs cookies. Replicas need the same one; a new one signs everybody out."""
    dry_run: bool = False


def _log(handler: RequestHandler) -> None:
    """Log a request without the address's query, in which OAuth sends secrets."""
    request, status = handler.request, handler.get_status()
    level = logging.DEBUG if request.method == "GET" and status < 400 else logging.INFO
    took = request.request_time() * 1000
    log.log(level, "%d %s %s (%.0f ms)", status, request.method, request.path, took)


def application(serving: Serving) -> Application:
    """Make the application; it listens below the prefix of ``hub_auth``, and for machines at /."""
    site = {"site": Site(serving.desk, serving.hub_auth, serving.dry_run)}
    metrics, health = {"metrics": serving.metrics}, {"health": serving.health}
    pages = [
        ("", HomePage, site),
        ("sessions", SessionsPage, site),
        (f"session/{_SESSION}", SessionPage, site),
        ("history", HistoryPage, site),
        ("exemptions", ExemptionsPage, site),
        (f"exemptions/{_NUMBER}/end", EndExemption, site),
        ("api/events", EventsAPI, site),
        ("api/sessions", SessionsAPI, site),
        (f"api/sessions/{_SESSION}/keep", KeepAPI, site),
        (f"api/sessions/{_SESSION}", SessionAPI, site),
        ("api/exemptions", ExemptionsAPI, site),
        (f"api/exemptions/{_NUMBER}", ExemptionAPI, site),
        ("oauth_callback", SignedInPage, site),
        ("static/(.*)", StaticFileHandler, {"path": str(STATIC)}),
        ("metrics", GuardedMetricsHandler, {**metrics, "hub_auth": serving.hub_auth}),
        ("health", HealthHandler, {**health, "in_detail": False}),
    ]
    prefix = serving.hub_auth.base_url
    return Application(
        [
            *((prefix + path, handler, given) for path, handler, given in pages),
            ("/metrics", MetricsHandler, metrics),
            ("/health", HealthHandler, health),
        ],
        cookie_secret=serving.cookie_secret,
        log_function=_log,
        default_handler_class=NothingHere,
        default_handler_args=site,
        xsrf_cookies=False,  # JupyterHub checks it wherever a cookie says who somebody is
    )

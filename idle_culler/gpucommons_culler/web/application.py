"""All addresses of the culler, put together."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gpucommons_contract.brand import Appearance
from gpucommons_contract.words.pages import MOMENTS, SCRIPTS
from gpucommons_contract.words.requests import LanguageOfRequest
from gpucommons_upkeep import Heartbeat
from gpucommons_upkeep.logs.requests import RequestLogged
from gpucommons_web.health import (
    GuardedMetricsHandler,
    Health,
    HealthHandler,
    MetricsHandler,
)
from gpucommons_web.titles import PlainTitles, Titles
from jupyterhub.services.auth import HubOAuth
from tornado.web import Application, RequestHandler, StaticFileHandler

from gpucommons_culler.core.metrics import Metrics
from gpucommons_culler.web.api import (
    EventsAPI,
    ExemptionAPI,
    ExemptionsAPI,
    KeepAPI,
    SessionAPI,
    SessionsAPI,
    TroublesAPI,
)
from gpucommons_culler.web.away import PROXY_ERRORS, AwayHandler, away_page
from gpucommons_culler.web.pages import (
    EndExemption,
    ExemptionsPage,
    Frame,
    HistoryPage,
    HomePage,
    NothingHere,
    SessionPage,
    SessionsPage,
    SignedInPage,
)
from gpucommons_culler.web.rendering import STATIC
from gpucommons_culler.web.service import IdleAPI

log = logging.getLogger(__name__)

_SESSION = r"([^/]+)(?:/([^/]+))?"
"""NAME or NAME/SERVER, each quoted as in any address."""
_NUMBER = r"([0-9]{1,18})"


@dataclass(frozen=True, slots=True)
class Serving:
    """What the pages are made of."""

    api: IdleAPI
    metrics: Metrics
    health: Health
    hub_auth: HubOAuth
    cookie_secret: bytes
    """Signs cookies. Replicas need the same one; a new one signs everybody out."""
    dry_run: bool = False
    hearts: Sequence[Heartbeat] = ()
    """Of the loops that run in addition to the pages."""
    titles: Titles = field(default_factory=PlainTitles)
    appearance: Appearance = field(default_factory=Appearance)


def _log(handler: RequestHandler) -> None:
    """Log a request without the address's query, in which OAuth sends secrets."""
    request, status = handler.request, handler.get_status()
    level = logging.DEBUG if request.method == "GET" and status < 400 else logging.INFO
    took = request.request_time() * 1000
    log.log(level, "%d %s %s (%.0f ms)", status, request.method, request.path, took)


def application(serving: Serving) -> Application:
    """Make the application; it listens below the prefix of ``hub_auth``, and for machines at /."""
    api = {"hub_auth": serving.hub_auth, "api": serving.api}
    frame = Frame(serving.titles, serving.appearance.lab_name, dry_run=serving.dry_run)
    page = {**api, "frame": frame}
    away = away_page(serving.appearance, serving.hub_auth.hub_prefix)
    metrics, health = {"metrics": serving.metrics}, {"health": serving.health}
    below: list[tuple[str, type[RequestHandler], dict[str, Any]]] = [
        ("", HomePage, page),
        ("sessions", SessionsPage, page),
        (f"session/{_SESSION}", SessionPage, page),
        ("history", HistoryPage, page),
        ("exemptions", ExemptionsPage, page),
        (f"exemptions/{_NUMBER}/end", EndExemption, page),
        ("api/events", EventsAPI, api),
        ("api/sessions", SessionsAPI, api),
        (f"api/sessions/{_SESSION}/keep", KeepAPI, api),
        (f"api/sessions/{_SESSION}", SessionAPI, api),
        ("api/troubles", TroublesAPI, api),
        ("api/exemptions", ExemptionsAPI, api),
        (f"api/exemptions/{_NUMBER}", ExemptionAPI, api),
        ("oauth_callback", SignedInPage, page),
        ("static/(.*)", StaticFileHandler, {"path": str(STATIC)}),
        (f"shared/({MOMENTS})", StaticFileHandler, {"path": str(SCRIPTS)}),
        ("metrics", GuardedMetricsHandler, {**metrics, "hub_auth": serving.hub_auth}),
        ("health", HealthHandler, {**health, "in_detail": False}),
    ]
    prefix = serving.hub_auth.base_url
    return Application(
        [
            *[(prefix + path, handler, given) for path, handler, given in below],
            ("/metrics", MetricsHandler, metrics),
            ("/health", HealthHandler, {**health, "hearts": serving.hearts}),
            (rf"{PROXY_ERRORS}/[0-9]+", AwayHandler, {"page": away}),
        ],
        cookie_secret=serving.cookie_secret,
        transforms=[LanguageOfRequest, RequestLogged],
        log_function=_log,
        default_handler_class=NothingHere,
        default_handler_args=page,
        xsrf_cookies=False,  # JupyterHub checks it wherever a cookie identifies somebody
    )

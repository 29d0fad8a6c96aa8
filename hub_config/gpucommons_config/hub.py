"""What every installation of GPU Commons shares: the hub made of its parts."""

import gc
import sys
from pathlib import Path

from gpucommons_authenticator import TEMPLATES as LOGIN_TEMPLATES
from gpucommons_authenticator import DexOAuthenticator
from gpucommons_sessions import HANDLERS as SESSION_HANDLERS
from gpucommons_sessions import SavingProxy, show_notice
from gpucommons_spawner import HANDLERS as SPAWNER_HANDLERS
from gpucommons_spawner import TEMPLATES as PICKER_TEMPLATES
from gpucommons_spawner import (
    CatalogueError,
    GPUSpawner,
    catalogue_in_force,
    landing_page,
    lead_stale_presses,
    note_who_stops,
)
from jupyterhub.handlers.static import CacheControlStaticFilesHandler
from tornado.web import GZipContentEncoding
from traitlets.config import Config

from gpucommons_config.chart import chart_values
from gpucommons_config.composition import compose
from gpucommons_config.contradictions import warn_at_start
from gpucommons_config.credentials.cookies import accept_previous_cookies
from gpucommons_config.credentials.service_tokens import forget_replaced_tokens
from gpucommons_config.database.away import say_when_it_is_away
from gpucommons_config.database.timeouts import bound_waits
from gpucommons_config.hub_logs import add_logs
from gpucommons_config.hub_start import begin_with_the_hub
from gpucommons_config.pages.brand import add_brand
from gpucommons_config.pages.https import tell_browsers_of_https
from gpucommons_config.pages.languages import add_languages
from gpucommons_config.pages.page_policy import protect_pages
from gpucommons_config.pages.subdomains import keep_sessions_apart
from gpucommons_config.reserved_groups import reserve_groups
from gpucommons_config.services import add_services

_SET_BY_CHART = {"spawner_class": "kubespawner.KubeSpawner", "authenticator_class": "dummy"}
"""What z2jh writes where nobody chose a class: always the one, by its default values the other."""


def configure(c: Config) -> None:
    """Make the hub of this configuration one of GPU Commons.

    What the installation set stays: only what is unset is set, and its services, roles, template
    paths, handlers and settings of tornado are added to. To be called when the rest of ``c`` is
    written: in z2jh's ``hub.extraConfig``, or at the end of a ``jupyterhub_config.py``. A second
    call changes nothing. The hub stops with the file, line and key if the catalogue has a mistake,
    and with the setting if `Brand` or `Languages` has one; what contradicts GPU Commons it writes
    into its log when it has read all of ``c``.
    """
    if chart_values():
        _leave_to_us(c.JupyterHub)
    compose(c, defaults())
    tell_browsers_of_https(c)
    accept_previous_cookies(c)
    bound_waits(c)
    say_when_it_is_away()
    note_who_stops()
    lead_stale_presses()
    begin_with_the_hub()
    forget_replaced_tokens()
    add_services(c)
    keep_sessions_apart(c)
    add_brand(c)
    add_languages(c)
    protect_pages(c)
    add_logs(c)
    check_catalogue(c)
    reserve_groups(c)
    warn_at_start()
    spare_the_collector()


def _leave_to_us(hub: Config) -> None:
    for trait, value in _SET_BY_CHART.items():
        if hub.get(trait) == value:
            del hub[trait]


def defaults() -> Config:
    """Return what an installation need not set."""
    c = Config()
    c.JupyterHub.authenticator_class = DexOAuthenticator
    c.JupyterHub.spawner_class = GPUSpawner
    # With another one, open pages do not save before the hub stops their session.
    c.JupyterHub.proxy_class = SavingProxy
    c.JupyterHub.extra_handlers = [*SPAWNER_HANDLERS, *SESSION_HANDLERS]
    c.JupyterHub.tornado_settings = {
        "static_handler_class": HubFiles,
        "transforms": [CompressedHubFiles],
    }
    c.JupyterHub.template_paths = [str(LOGIN_TEMPLATES), str(PICKER_TEMPLATES)]
    c.JupyterHub.default_url = landing_page
    # The quota counts a person's sessions; this only lets there be more than one.
    c.JupyterHub.allow_named_servers = True
    # Sessions outlive the hub: a restart finds them again.
    c.JupyterHub.cleanup_servers = False
    # The spawner lets starts wait for their turn; JupyterHub would turn people away.
    c.JupyterHub.concurrent_spawn_limit = 0
    # Seconds. A start in progress would keep everybody out for ten.
    c.JupyterHub.init_spawners_timeout = 1
    c.Authenticator.enable_auth_state = True
    c.Spawner.default_url = "/lab"
    # JupyterHub's own two, and that a session may end itself: *Stop* in JupyterLab and VS Code.
    c.Spawner.server_token_scopes = [
        "users:activity!user",
        "access:servers!server",
        "delete:servers!server",
    ]
    c.GPUSpawner.show_notice = show_notice
    return c


def check_catalogue(c: Config) -> None:
    """Stop the hub with the catalogue's file, line and key if it has a mistake.

    Without this the mistake would show when the first person signs in, and the file would be
    read then, while others wait.
    """
    file = c.GPUSpawner.get("catalogue_file")
    if not file:
        sys.exit("gpucommons: set GPUSpawner.catalogue_file to the path of the catalogue")
    try:
        catalogue_in_force(Path(file))
    except CatalogueError as error:
        sys.exit(f"gpucommons: {error}")


def spare_the_collector() -> None:
    """Keep all that was imported out of garbage collection: none of it becomes garbage.

    A full collection visits every object, and the hub answers nobody meanwhile. Most objects are
    the Kubernetes client's classes.
    """
    gc.collect()
    gc.freeze()


_COMPRESSED = {"application/javascript", "text/javascript", "text/css", "image/svg+xml"}


class CompressedHubFiles(GZipContentEncoding):
    """Compresses the hub's scripts and styles, which are the same for everybody: no proxy does it.

    Nothing else: compressed together with what somebody else can put into a page, a secret can
    be guessed by its length, and a stream must not wait.
    """

    def _compressible_type(self, ctype: str) -> bool:
        return ctype in _COMPRESSED


class HubFiles(CacheControlStaticFilesHandler):  # type: ignore[misc]  # publishes no types
    """JupyterHub's files. Browsers keep those that its style sheet names without a version.

    They would ask for each of them again before they draw a page.
    """

    def set_extra_headers(self, path: str) -> None:
        """Say how long browsers may keep the file."""
        super().set_extra_headers(path)
        if path.startswith("components/@fortawesome/"):
            self.set_header("Cache-Control", "public, max-age=86400")

"""What the hub serves for the picker, as handlers for ``JupyterHub.extra_handlers``."""

import json
from pathlib import Path

from gpucommons_contract import Endpoint
from gpucommons_contract.words.pages import MOMENTS, SCRIPTS
from jupyterhub.apihandlers import APIHandler
from jupyterhub.handlers import BaseHandler
from jupyterhub.scopes import needs_scope
from tornado.web import StaticFileHandler, authenticated

from gpucommons_spawner.catalogue.live import LiveCatalogue, catalogue_in_force
from gpucommons_spawner.handlers.administration.api import (
    AdministrationActionHandler,
    AdministrationNodeHandler,
    AdministrationNodesHandler,
    AdministrationSessionsHandler,
)
from gpucommons_spawner.handlers.administration.message import MessagePageHandler
from gpucommons_spawner.handlers.administration.node import NodePageHandler
from gpucommons_spawner.handlers.administration.page import PAGE
from gpucommons_spawner.handlers.administration.session_action import SessionActionHandler
from gpucommons_spawner.handlers.administration.sessions import SessionsPageHandler
from gpucommons_spawner.handlers.another_size import AnotherSizeHandler
from gpucommons_spawner.handlers.availability import AvailabilityHandler
from gpucommons_spawner.handlers.disk_use import DiskUseHandler
from gpucommons_spawner.handlers.session_end import SessionEndHandler
from gpucommons_spawner.handlers.sessions import SessionsHandler
from gpucommons_spawner.handlers.snapshots import SnapshotsPageHandler
from gpucommons_spawner.handlers.tokens import SessionTokensHandler
from gpucommons_spawner.hub_state import HUB_STATE
from gpucommons_spawner.picker.page import STATIC


class CatalogueHandler(APIHandler):  # type: ignore[misc]  # JupyterHub publishes no types
    """Which catalogue is in force, and what is wrong with its file: for administrators."""

    @needs_scope("admin-ui")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Write file, time and problems."""
        live = _live(self)
        self.set_header("Cache-Control", "no-store")
        self.finish(
            json.dumps(
                {
                    "file": str(live.path),
                    "in_force_since": live.since.isoformat(timespec="seconds"),
                    "problems": [problem.as_json() for problem in live.problems],
                }
            )
        )


class CataloguePageHandler(BaseHandler):  # type: ignore[misc]  # JupyterHub publishes no types
    """The same as a page."""

    @authenticated
    @needs_scope("admin-ui")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Draw the page."""
        self.finish(await self.render_template("catalogue.html", live=_live(self)))


def _live(handler: BaseHandler) -> LiveCatalogue:
    """Return the catalogue in force, with what is wrong with its file now."""
    return catalogue_in_force(Path(handler.config.GPUSpawner.catalogue_file))


class HubSessionsHandler(SessionsHandler):
    """The sessions of this hub."""

    hub_state = HUB_STATE  # not handed over: JupyterHub's configuration would copy it


class StaticHandler(StaticFileHandler):
    """Scripts and styles of the pages: public. Browsers ask whether they have changed."""

    cache_control = "no-cache"

    def set_extra_headers(self, path: str) -> None:  # noqa: ARG002
        """Say how long browsers may keep the file."""
        self.set_header("Cache-Control", self.cache_control)


class VersionedStaticHandler(StaticHandler):
    """The same at an address that every start of the hub makes anew: kept without asking."""

    cache_control = "public, max-age=31536000, immutable"


HANDLERS = [
    (rf"/{Endpoint.HUB_AVAILABILITY}", AvailabilityHandler),
    (rf"/{Endpoint.HUB_SESSIONS}", HubSessionsHandler),
    (rf"/{Endpoint.HUB_SESSION_TOKENS}", SessionTokensHandler),
    (rf"/{Endpoint.HUB_SESSION_END.format(user='([^/]+)', server='([^/]*)')}", SessionEndHandler),
    (rf"/{Endpoint.HUB_DISK_USE.format(user='([^/]+)', server='([^/]*)')}", DiskUseHandler),
    (rf"/{Endpoint.HUB_CATALOGUE}", CatalogueHandler),
    (rf"/{Endpoint.HUB_ADMINISTRATION_SESSIONS}", AdministrationSessionsHandler),
    (
        rf"/{Endpoint.HUB_ADMINISTRATION_ACTION.format(action='([a-z-]+)')}",
        AdministrationActionHandler,
    ),
    (rf"/{Endpoint.HUB_ADMINISTRATION_NODES}", AdministrationNodesHandler),
    (
        rf"/{Endpoint.HUB_ADMINISTRATION_NODE.format(name='([^/]+)', action='(drain|give-back)')}",
        AdministrationNodeHandler,
    ),
    (r"/gpucommons/another-size/([^/]+)/([^/]*)", AnotherSizeHandler),
    (r"/gpucommons/catalogue", CataloguePageHandler),
    (r"/gpucommons/snapshots", SnapshotsPageHandler),
    (rf"/{PAGE}", SessionsPageHandler),
    (rf"/{PAGE}/([a-z-]+)", SessionActionHandler),
    (r"/gpucommons/nodes/(drain|give-back)", NodePageHandler),
    (r"/gpucommons/message", MessagePageHandler),
    (rf"/gpucommons/static/[0-9]+/({MOMENTS})", VersionedStaticHandler, {"path": str(SCRIPTS)}),
    (rf"/gpucommons/static/({MOMENTS})", StaticHandler, {"path": str(SCRIPTS)}),
    (r"/gpucommons/static/[0-9]+/(.*)", VersionedStaticHandler, {"path": str(STATIC)}),
    (r"/gpucommons/static/(.*)", StaticHandler, {"path": str(STATIC)}),
]
"""Paths below the hub's URL."""

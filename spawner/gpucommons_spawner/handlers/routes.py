"""What the hub serves for the picker, as handlers for ``JupyterHub.extra_handlers``."""

import json
from pathlib import Path

from gpucommons_contract import Endpoint
from jupyterhub.apihandlers import APIHandler
from jupyterhub.handlers import BaseHandler
from jupyterhub.scopes import needs_scope
from tornado.web import StaticFileHandler, authenticated

from gpucommons_spawner.catalogue.live import LiveCatalogue, catalogue_in_force
from gpucommons_spawner.handlers.another_size import AnotherSizeHandler
from gpucommons_spawner.handlers.availability import AvailabilityHandler
from gpucommons_spawner.handlers.session_end import SessionEndHandler
from gpucommons_spawner.handlers.sessions import SessionsHandler
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
    return catalogue_in_force(Path(handler.config.GPUSpawner.catalogue_file))


class HubSessionsHandler(SessionsHandler):
    """The sessions of this hub."""

    hub_state = HUB_STATE  # not handed over: JupyterHub's configuration would copy it


class StaticHandler(StaticFileHandler):
    """The picker's script and styles: public, and cached by their hash."""


HANDLERS = [
    (rf"/{Endpoint.HUB_AVAILABILITY}", AvailabilityHandler),
    (rf"/{Endpoint.HUB_SESSIONS}", HubSessionsHandler),
    (rf"/{Endpoint.HUB_SESSION_TOKENS}", SessionTokensHandler),
    (rf"/{Endpoint.HUB_SESSION_END.format(user='([^/]+)', server='([^/]*)')}", SessionEndHandler),
    (rf"/{Endpoint.HUB_CATALOGUE}", CatalogueHandler),
    (r"/gpucommons/another-size/([^/]+)/([^/]*)", AnotherSizeHandler),
    (r"/gpucommons/catalogue", CataloguePageHandler),
    (r"/gpucommons/static/(.*)", StaticHandler, {"path": str(STATIC)}),
]
"""Paths below the hub's URL."""

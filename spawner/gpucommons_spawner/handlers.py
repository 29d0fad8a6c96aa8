"""What the hub serves for the picker, as handlers for ``JupyterHub.extra_handlers``."""

import json
from pathlib import Path

from gpucommons_contract import Endpoint
from jupyterhub.apihandlers import APIHandler
from jupyterhub.handlers import BaseHandler
from jupyterhub.scopes import needs_scope
from jupyterhub.user import User
from tornado.web import HTTPError, StaticFileHandler, authenticated

from gpucommons_spawner.live_catalogue import LiveCatalogue, catalogue_in_force
from gpucommons_spawner.picker import STATIC


class AvailabilityHandler(APIHandler):  # type: ignore[misc]  # JupyterHub publishes no types
    """What is free per size and, for one person, why not.

    ``user`` names another person than the asking one, whose servers one may start;
    ``server`` the server to be started, so that what it holds does not count.
    """

    async def get(self) -> None:
        """Answer with the sizes and what the person holds."""
        name = self.get_argument("user", "")
        if not name:
            if not isinstance(self.current_user, User):
                raise HTTPError(403, "Sign in, or name a user with ?user=NAME.")
            name = self.current_user.name
        await self._answer(user_name=name)

    @needs_scope("start:servers")  # type: ignore[untyped-decorator]
    async def _answer(self, user_name: str) -> None:
        user = self.find_user(user_name)
        if user is None:
            raise HTTPError(404, "There is no such user.")
        server = self.get_argument("server", "")
        self.set_header("Cache-Control", "no-store")
        self.finish(json.dumps(user.spawner.availability(server).as_json()))


class CatalogueHandler(APIHandler):  # type: ignore[misc]  # JupyterHub publishes no types
    """Which catalogue is in force, and what is wrong with its file: for administrators."""

    @needs_scope("admin-ui")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Answer with file, time and problems."""
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

    @authenticated  # type: ignore[untyped-decorator]
    @needs_scope("admin-ui")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Draw the page."""
        self.finish(await self.render_template("catalogue.html", live=_live(self)))


def _live(handler: BaseHandler) -> LiveCatalogue:
    return catalogue_in_force(Path(handler.config.GPUSpawner.catalogue_file))


class StaticHandler(StaticFileHandler):  # type: ignore[misc]  # Tornado publishes none here
    """The picker's script and styles: public, and cached by their hash."""


HANDLERS = [
    (rf"/{Endpoint.HUB_AVAILABILITY}", AvailabilityHandler),
    (rf"/{Endpoint.HUB_CATALOGUE}", CatalogueHandler),
    (r"/gpucommons/catalogue", CataloguePageHandler),
    (r"/gpucommons/static/(.*)", StaticHandler, {"path": str(STATIC)}),
]
"""Paths below the hub's URL."""

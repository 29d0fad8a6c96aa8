"""The program: listens until a signal ends it."""

import asyncio
import logging
import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import closing
from http import HTTPStatus

from gpucommons_contract import FILES_SERVICE
from gpucommons_upkeep.logs.requests import RequestLogged
from jupyterhub.services.auth import HubAuth
from tornado.web import Application, RequestHandler

from gpucommons_backup.service.access import HubAPI, Sessions
from gpucommons_backup.service.administrators import Administrators
from gpucommons_backup.service.handlers import (
    AboutHandler,
    ArchiveHandler,
    FileHandler,
    FolderHandler,
    NothingHere,
    Serving,
    SnapshotsHandler,
    VersionsHandler,
)
from gpucommons_backup.service.records import Records
from gpucommons_backup.service.settings import ServiceSettings
from gpucommons_backup.service.shelf import Shelves
from gpucommons_backup.service.wish_handlers import (
    AnswersHandler,
    OpenWishesHandler,
    WishesHandler,
)
from gpucommons_backup.service.wishes import Wishes
from gpucommons_backup.service.work import Work
from gpucommons_backup.settings_file import SettingsError

_log = logging.getLogger(__name__)
_PREFIX = f"/services/{FILES_SERVICE}/"
_NEEDED = ("JUPYTERHUB_API_URL", "JUPYTERHUB_API_TOKEN")
_REMEMBERED_S = 60
"""For which the hub's word on a token counts."""


class HealthHandler(RequestHandler):
    """Whether the service can work: 200, or 503. The store is not asked."""

    def initialize(self, records: Records) -> None:
        """Take what the application gives."""
        self._records = records

    def get(self) -> None:
        """Respond with ``ok`` or with what is wrong."""
        if problem := self._records.problem:
            self.set_status(HTTPStatus.SERVICE_UNAVAILABLE)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{problem or 'ok'}\n")


def application(serving: Serving, prefix: str = _PREFIX, wishes_token: str = "") -> Application:
    """Make the application; it listens below the prefix, and for Kubernetes at /health."""
    given = {"serving": serving}
    with_wishes = {"serving": serving, "wishes": Wishes()}
    of_controller = {**with_wishes, "token": wishes_token}
    return Application(
        [
            (f"{prefix}api/versions", VersionsHandler, given),
            (f"{prefix}api/snapshots", SnapshotsHandler, given),
            (f"{prefix}api/folder", FolderHandler, given),
            (f"{prefix}api/file", FileHandler, given),
            (f"{prefix}api/archive", ArchiveHandler, given),
            (f"{prefix}api/about", AboutHandler, given),
            (f"{prefix}api/wishes", WishesHandler, with_wishes),
            (f"{prefix}api/wishes/open", OpenWishesHandler, of_controller),
            (f"{prefix}api/wishes/answers", AnswersHandler, of_controller),
            *[(f"{p}health", HealthHandler, {"records": serving.records}) for p in (prefix, "/")],
        ],
        default_handler_class=NothingHere,
        transforms=[RequestLogged],
        log_function=_log_request,
    )


async def serve(settings: ServiceSettings, environment: Mapping[str, str] = os.environ) -> None:
    """Listen until SIGTERM or SIGINT. Raises SettingsError."""
    for each in _NEEDED:
        if not environment.get(each):
            raise SettingsError(f"{each} must be set: JupyterHub's address, or a token of it.")
    if shutil.which("restic") is None:
        raise SettingsError("The program restic is not there. Install it, or put it on PATH.")
    auth = HubAuth(
        api_url=environment["JUPYTERHUB_API_URL"],
        api_token=environment["JUPYTERHUB_API_TOKEN"],
        cache_max_age=_REMEMBERED_S,
    )
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    records = Records(settings.records)
    shelves, wishes_token = Shelves(settings, settings.login()), settings.token()
    with closing(Work()) as work:
        hub = HubAPI(auth)
        serving = Serving(
            *(Sessions(hub), records, shelves, work, Administrators(hub)),
            team_folder=settings.team_folder.encode(),
        )
        prefix = environment.get("JUPYTERHUB_SERVICE_PREFIX") or _PREFIX
        try:
            served = application(serving, prefix, wishes_token)
            server = served.listen(settings.port, settings.address)
        except OSError as error:
            raise SettingsError(
                f"port {settings.port} cannot be used: {error.strerror}."
            ) from error
        _log.info("earlier files are served at port %d below %s", settings.port, prefix)
        await ended.wait()
        server.stop()


def _log_request(handler: RequestHandler) -> None:
    """Log a request without its query: names of files are people's."""
    request, status = handler.request, handler.get_status()
    level = logging.DEBUG if status < 400 else logging.INFO
    took = request.request_time() * 1000
    _log.log(level, "%d %s %s (%.0f ms)", status, request.method, request.path, took)

"""The server extension: adds telemetry, notices and their endpoints to a Jupyter server."""

import asyncio
import os
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

from gpucommons_contract import HOME_NOTICE, NOTICES_CHANGED, Endpoint, SessionVariable
from gpucommons_contract.brand import LAB_NAME
from gpucommons_upkeep.logs.requests import RequestLogged
from jupyter_events import EventLogger
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from prometheus_client import REGISTRY
from tornado.web import RequestHandler

from gpucommons_lab.activity.activity_times import ActivityTimes
from gpucommons_lab.activity.gpus import GPUActivityProbe
from gpucommons_lab.activity.handlers import ActivityHandler, SessionHandler, session_info
from gpucommons_lab.activity.idle_rule import CurrentIdleRule
from gpucommons_lab.activity.kernels import KernelActivityProbe
from gpucommons_lab.activity.session import SessionActivityProbe
from gpucommons_lab.activity.terminals import TerminalActivityProbe
from gpucommons_lab.documents.editing import CONTENTS_EVENTS, Editing
from gpucommons_lab.documents.handlers import OwnSaveHandler, UnsavedCopyHandler
from gpucommons_lab.documents.kernel_names import KernelNames
from gpucommons_lab.documents.unsaved_copies import UnsavedCopies
from gpucommons_lab.earlier_files.checkpoints import offer_earlier_files
from gpucommons_lab.earlier_files.handlers import (
    EarlierFileHandler,
    EarlierListHandler,
    FileNowHandler,
    PutBackHandler,
    RestoresHandler,
    WishHandler,
)
from gpucommons_lab.earlier_files.requests import LISTS, EarlierRequests
from gpucommons_lab.earlier_files.restores import Restores
from gpucommons_lab.earlier_files.service import files_service
from gpucommons_lab.earlier_files.unfinished import mark_of_server
from gpucommons_lab.earlier_files.workspace import EarlierWorkspace, team_folder
from gpucommons_lab.gpu.handlers import (
    FrameEvents,
    GPUHandler,
    HistoryHandler,
    PeakHandler,
    UsageHandler,
)
from gpucommons_lab.gpu.metrics import GPUCollector
from gpucommons_lab.gpu.reading import Reader
from gpucommons_lab.gpu.recorder import Recorder
from gpucommons_lab.gpu.sampler import Sampler
from gpucommons_lab.gpu.share import gpu_expected
from gpucommons_lab.health.checks import HealthChecks
from gpucommons_lab.health.home import HomeGuard
from gpucommons_lab.health.home_disk import DiskCheck
from gpucommons_lab.health.memory import MemoryCheck
from gpucommons_lab.health.session_use import SessionUseMeter
from gpucommons_lab.health.shared_memory import SharedMemory
from gpucommons_lab.languages import make_usual, session_language
from gpucommons_lab.notices.board import NoticeBoard
from gpucommons_lab.notices.handlers import (
    NOTICES_CHANGED_SCHEMA,
    AnswerHandler,
    NoticeHandler,
    SaveBeforeStopHandler,
    announce_notices,
)
from gpucommons_lab.notices.save_before_stop import SaveBeforeStop
from gpucommons_lab.outputs.handlers import OutputHandler
from gpucommons_lab.outputs.kernel_connection import track_connections
from gpucommons_lab.outputs.output_keeper import OutputKeeper
from gpucommons_lab.processes.kernel_pids import KernelPIDs
from gpucommons_lab.processes.memory_holders import MemoryHolders
from gpucommons_lab.settings import LabSettings
from gpucommons_lab.start.notices import put_start_notices
from gpucommons_lab.start.session_logs import log_as_chosen
from gpucommons_lab.storage.disk_report import DiskReport
from gpucommons_lab.storage.handlers import FoldersHandler, TrashedHandler, TrashHandler
from gpucommons_lab.storage.home_space import HomeSpace
from gpucommons_lab.storage.home_trash import use_home_trash
from gpucommons_lab.storage.shown_folders import ShownFolders
from gpucommons_lab.storage.trash import Trash
from gpucommons_lab.storage.trashed import Trashed
from gpucommons_lab.vscode.jupyter_connection import jupyter_connection
from gpucommons_lab.vscode.pages import session_pages
from gpucommons_lab.vscode.vscode_socket import SOCKET_VARIABLE, VSCodeSocket
from gpucommons_lab.web.compressed_files import serve_compressed
from gpucommons_lab.web.compression import CompressedStatic
from gpucommons_lab.web.cookies import secure_xsrf_cookie
from gpucommons_lab.web.kernel_folders import name_kernel_folders
from gpucommons_lab.web.own_stop import STOP_PATH, OwnStop, StopHandler
from gpucommons_lab.web.redirects import classic_links, redirect_other_spellings
from gpucommons_lab.welcome.facts import session_facts
from gpucommons_lab.welcome.first_page import open_first
from gpucommons_lab.welcome.first_session import HomeFolder, layouts_folder, ours, put_welcome

Rule = tuple[str, type[RequestHandler], dict[str, Any]]
"""An address, what serves it, and what that is given."""

_LARGEST_MESSAGE = 100 * 2**20
"""Bytes. An upload in VS Code sends more than Tornado's 10 MiB at once, which ends its socket."""


class GPUCommonsLab(LabSettings, ExtensionApp):
    """GPU telemetry and notices of a GPU Commons session."""

    name = "gpucommons_lab"
    load_other_extensions = True

    @property
    def _server(self) -> ServerApp:
        assert self.serverapp is not None, "an extension is part of a server once it is loaded"
        return self.serverapp

    @property
    def _events(self) -> EventLogger:
        assert self._server.event_logger is not None, "the server has one once it is initialized"
        return self._server.event_logger

    def initialize_handlers(self) -> None:
        """Make the parts of the session's server, and add the endpoints that serve them."""
        language = session_language(os.environ)
        make_usual(language)
        self.board = NoticeBoard(language=language)
        self.own_stop = OwnStop()
        use_home_trash(self._server.contents_manager, Path.home(), os.environ)
        self.handlers.extend(
            [
                *self._gpu_endpoints(),
                *self._document_endpoints(),
                *self._activity_endpoints(),
                *self._storage_endpoints(language),
                *self._earlier_file_endpoints(language),
                *self._notice_endpoints(),
                (f"/{STOP_PATH}", StopHandler, {"stop": self.own_stop}),
                *classic_links(self._server.base_url),
            ]
        )
        self._set_up_server()

    def _gpu_endpoints(self) -> list[Rule]:
        self.kernel_pids = KernelPIDs(self._server.kernel_manager, self._server.web_app.settings)
        self.use = SessionUseMeter(
            Path(self.control_groups), in_session=SessionVariable.SESSION in os.environ
        )
        self.recorder = Recorder(os.environ, self.use.current)
        self.sampler = Sampler(
            partial(_open_reader, self.kernel_pids),
            self.recorder,
            interval=self.interval,
            linger=self.linger,
            background=self.background_interval if gpu_expected(os.environ) else 0,
        )
        self._collector = GPUCollector(lambda: self.sampler.current)
        REGISTRY.register(self._collector)
        stream = {"sampler": self.sampler, "events": FrameEvents()}
        history = {"history": self.recorder.history}
        return [
            (f"/{Endpoint.SESSION_GPUS}", GPUHandler, stream),
            (f"/{Endpoint.SESSION_GPU_HISTORY}", HistoryHandler, history),
            (f"/{Endpoint.SESSION_GPU_USAGE}", UsageHandler, history),
            (f"/{Endpoint.SESSION_GPU_PEAK}", PeakHandler, {"sampler": self.sampler}),
        ]

    def _document_endpoints(self) -> list[Rule]:
        self.keeper = OutputKeeper(self._server)
        self.editing = Editing()
        copies = UnsavedCopies(self._server.contents_manager)
        return [
            (f"/{Endpoint.SESSION_OUTPUTS}", OutputHandler, {"keeper": self.keeper}),
            (f"/{Endpoint.SESSION_OWN_SAVE}", OwnSaveHandler, {"editing": self.editing}),
            (f"/{Endpoint.SESSION_UNSAVED_COPY}", UnsavedCopyHandler, {"copies": copies}),
        ]

    def _activity_endpoints(self) -> list[Rule]:
        self.activity = ActivityTimes(self.settings["last_activity_times"])
        gpus = GPUActivityProbe(
            lambda: self.sampler.current,
            self.recorder.work.until_now,
            expected=gpu_expected(os.environ),
            watched=self.background_interval > 0,
        )
        self.probe = SessionActivityProbe(
            KernelActivityProbe(self._server.kernel_manager, self._server.session_manager),
            TerminalActivityProbe(self._server.web_app.settings),
            gpus,
            self.editing,
            self.activity,
        )
        rule = CurrentIdleRule()
        session = {"session": session_info(os.environ), "rule": rule}
        return [
            (f"/{Endpoint.SESSION}", SessionHandler, session),
            (f"/{Endpoint.SESSION_ACTIVITY}", ActivityHandler, {"probe": self.probe, "rule": rule}),
        ]

    def _storage_endpoints(self, language: str) -> list[Rule]:
        self.disk_report = DiskReport(lambda: self.use.current().disk, os.environ)
        home = Path.home()
        trash = Trash(home, os.environ)
        self.space = HomeSpace(
            home,
            trash,
            path_in_lab=ShownFolders(home, self._server).path,
            freed=self.use.forget_disk,
        )
        space = {"space": self.space}
        trashed = {"trashed": Trashed(home, trash.folder), "language": language}
        return [
            (f"/{Endpoint.SESSION_FOLDERS}", FoldersHandler, space),
            (f"/{Endpoint.SESSION_TRASH}", TrashHandler, space),
            (f"/{Endpoint.SESSION_TRASHED}", TrashedHandler, space | trashed),
        ]

    def _earlier_file_endpoints(self, language: str) -> list[Rule]:
        service = files_service(os.environ)
        self.team_folder = team_folder(os.environ, Path.home())
        workspace = EarlierWorkspace(service, Path.home(), self.team_folder) if service else None
        self.earlier = EarlierRequests(workspace, language)
        self.restores = None
        if service:
            mark, freed = mark_of_server(os.environ), self.use.forget_disk
            self.restores = Restores(service, Path.home(), mark, freed, self.team_folder)
            offer_earlier_files(self._server.contents_manager, service, language)
        restores = {"restores": self.restores, "language": language}
        earlier, given = f"/{Endpoint.SESSION_EARLIER}", {"earlier": self.earlier}
        return [
            (f"{earlier}/({'|'.join(LISTS)})", EarlierListHandler, given),
            (f"{earlier}/file", EarlierFileHandler, given),
            (f"{earlier}/now", FileNowHandler, given),
            (f"{earlier}/put-back", PutBackHandler, given),
            (f"/{Endpoint.SESSION_SNAPSHOT_WISH}", WishHandler, given),
            *([(f"/{Endpoint.SESSION_RESTORES}", RestoresHandler, restores)] if service else []),
        ]

    def _notice_endpoints(self) -> list[Rule]:
        self._events.register_event_schema(NOTICES_CHANGED_SCHEMA)
        announce = partial(announce_notices, self._events)
        self.save_before_stop = SaveBeforeStop(self.board, announce)
        disk = DiskCheck(self.use.measure_disk, self.disk_warning, self.space)
        chosen = partial(self.board.answer_to, HOME_NOTICE)
        self.home = HomeGuard(self._server.contents_manager, disk, self.space, chosen=chosen)
        try:
            self.home.look()  # before anything is written there
        except Exception:  # without it, the session still has all else
            self.log.exception("The home folder cannot be checked")
        self.kernel_names = KernelNames(self._server.session_manager)
        holders = MemoryHolders(self.kernel_pids.by_pid, self.kernel_names.by_id)
        memory = MemoryCheck(self.use.measure_container, holders, self.memory_warning)
        shared = SharedMemory(self.use.container)
        checks = (self.home, memory, shared)
        self.health = HealthChecks(self.board, announce, checks)
        pages = session_pages(self._server.base_url, self.documentation_url, os.environ)
        self.vscode_socket = VSCodeSocket(
            self.sampler,
            self.board,
            self.activity,
            announce,
            running=self.probe,
            own_stop=self.own_stop,
            space=self.space,
            earlier=self.earlier,
            pages=pages,
            jupyter=partial(jupyter_connection, self._server),
        )
        board, saving = {"board": self.board}, {"saving": self.save_before_stop}
        return [
            (f"/{Endpoint.SESSION_NOTICE}", NoticeHandler, board),
            (f"/{Endpoint.SESSION_NOTICE_ANSWER}", AnswerHandler, board),
            (f"/{Endpoint.SESSION_FAREWELL}", SaveBeforeStopHandler, saving),
        ]

    def _set_up_server(self) -> None:
        """Change what the server does with cookies, sockets, saves, addresses and pages."""
        app, settings = self._server.web_app, self._server.web_app.settings
        secure_xsrf_cookie(settings, os.environ)
        settings.setdefault("websocket_max_message_size", _LARGEST_MESSAGE)
        track_connections(settings, self.keeper)
        self._server.contents_manager.register_pre_save_hook(self.editing.before_save)
        app.transforms.extend((CompressedStatic, RequestLogged))
        log_as_chosen(self._server.log)
        pages = settings.setdefault("page_config_data", {})
        pages["gpucommonsDocumentation"] = self.documentation_url
        if self.restores:
            home = ShownFolders(Path.home(), self._server).path("")
            pages["gpucommonsEarlierFiles"] = "true"
            pages["gpucommonsHome"] = "" if home is None else f"/{home}"
            pages["gpucommonsTeamFolder"] = quote_from_bytes(self.team_folder)
        name_kernel_folders(self._server.kernel_spec_manager, os.environ)
        redirect_other_spellings(app, self._server.base_url)
        self._welcome()

    def _welcome(self) -> None:
        """Greet somebody in the first session of a home folder."""
        session = session_info(os.environ)
        if session is None or self.welcome_notebook == "":
            return
        home, root = Path.home(), Path(self._server.root_dir)
        if not home.is_relative_to(root):  # JupyterLab would not show it
            return
        data, config = Path(self._server.data_dir), Path(self._server.config_dir)
        folder = HomeFolder(home, data / "gpucommons/welcome", layouts_folder(config, os.environ))
        lab_name = os.environ.get(SessionVariable.LAB_NAME) or LAB_NAME
        language = session_language(os.environ)
        facts = session_facts(session, lab_name, self.documentation_url, home, language)
        template = Path(self.welcome_notebook or ours(language))
        if notebook := put_welcome(folder, template, facts):
            file = str(notebook.relative_to(root))
            open_first(self._server.web_app, self._server.base_url, file)

    async def _start_jupyter_server_extension(self, serverapp: object) -> None:  # noqa: ARG002
        """Start what needs the running event loop, or what other extensions have added."""
        serve_compressed(self._server.web_app, self._server.base_url)
        self.kernel_pids.start()
        self.kernel_names.start()
        self.activity.start()
        self.keeper.start()
        if socket := self.vscode_socket.open():
            os.environ[SOCKET_VARIABLE] = str(socket)  # code-server is started with it
        events: Any = self._events  # declares listeners by position, and calls them by name
        events.add_listener(schema_id=NOTICES_CHANGED, listener=self._notices_changed)
        events.add_listener(schema_id=CONTENTS_EVENTS, listener=self.editing.hear)
        events.add_listener(schema_id=CONTENTS_EVENTS, listener=self.keeper.hear_of_files)
        put_start_notices(self.board.put, os.environ)
        self.sampler.start()
        self.save_before_stop.start()
        self.health.start()
        self.disk_report.start()
        if self.restores:
            await asyncio.to_thread(self.restores.clear)

    async def _notices_changed(self, *_: object, **__: object) -> None:
        self.vscode_socket.notices_changed()

    async def stop_extension(self) -> None:
        """Stop with the server what was started: metrics, checks, socket, sampling thread."""
        self.save_before_stop.stop()
        self.space.close()
        if self.restores:
            self.restores.close()
        await self.disk_report.stop()
        await self.health.stop()
        self.home.close()
        await self.keeper.stop()
        REGISTRY.unregister(self._collector)
        await self.activity.stop()
        await self.vscode_socket.close()
        await asyncio.to_thread(self.sampler.close)


def _open_reader(kernel_pids: KernelPIDs) -> Reader:
    # Here, on the sampling thread: a session that nobody watches never imports them.
    from gpucommons_lab.gpu.nvml import NVMLReader  # noqa: PLC0415
    from gpucommons_lab.processes.gpu_holders import GPUHolders  # noqa: PLC0415
    from gpucommons_lab.processes.process_source import own_processes  # noqa: PLC0415

    holders = GPUHolders(own_processes(os.environ), kernel_pids.by_pid)
    return NVMLReader(expected=gpu_expected(os.environ), holders=holders)

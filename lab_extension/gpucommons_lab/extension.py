"""The server extension: adds telemetry, notices and their endpoints to a Jupyter server."""

import asyncio
import os
from functools import partial
from pathlib import Path
from typing import Any

from gpucommons_contract import NOTICES_CHANGED, Endpoint, SessionVariable
from jupyter_events import EventLogger
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from prometheus_client import REGISTRY
from tornado.web import RequestHandler
from traitlets import Float, Unicode, default

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
from gpucommons_lab.health.control_group import ROOT, read_memory
from gpucommons_lab.health.home import HomeGuard
from gpucommons_lab.health.home_disk import DiskCheck
from gpucommons_lab.health.memory import MemoryCheck
from gpucommons_lab.health.session_use import SessionUseMeter
from gpucommons_lab.health.shared_memory import SharedMemory
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
from gpucommons_lab.vscode.pages import session_pages
from gpucommons_lab.vscode.vscode_socket import SOCKET_VARIABLE, VSCodeSocket
from gpucommons_lab.web.compression import CompressedStatic
from gpucommons_lab.web.cookies import secure_xsrf_cookie
from gpucommons_lab.web.own_stop import STOP_PATH, OwnStop, StopHandler
from gpucommons_lab.web.redirects import classic_links, redirect_other_spellings

Rule = tuple[str, type[RequestHandler], dict[str, Any]]
"""An address, what serves it, and what that is given."""

_LARGEST_MESSAGE = 100 * 2**20
"""Bytes. An upload in VS Code sends more than Tornado's 10 MiB at once, which ends its socket."""


class GPUCommonsLab(ExtensionApp):
    """GPU telemetry and notices of a GPU Commons session."""

    name = "gpucommons_lab"
    load_other_extensions = True

    interval = Float(
        1.0,
        min=0.1,
        help="""
        Seconds between two readings of the GPUs while a panel is open. NVML averages
        utilization over 1/6 to 1 second, so a shorter interval shows little more.
        Example: ``c.GPUCommonsLab.interval = 2``
        """,
    ).tag(config=True)

    background_interval = Float(
        10.0,
        min=0,
        help="""
        Seconds between two readings while no panel is open, so that a tab opened later
        sees the past and Prometheus finds figures. With 0, nothing is read then. A session
        without a GPU never reads. The default is the shortest step of the session's
        history. Example: ``c.GPUCommonsLab.background_interval = 30``
        """,
    ).tag(config=True)

    linger = Float(
        60.0,
        min=0,
        help="""
        Seconds after the last panel was closed until NVML is shut down, if nothing is read
        in the background. Opening NVML can take a second, so hiding a panel for a moment
        should not close it. Example: ``c.GPUCommonsLab.linger = 300``
        """,
    ).tag(config=True)

    memory_warning = Float(
        90.0,
        min=0,
        max=100,
        help="""
        Percent of the session's memory from which on its person is warned; 0 is never. The
        default leaves time to free some: with all of it in use, a program is killed.
        Example: ``c.GPUCommonsLab.memory_warning = 80``
        """,
    ).tag(config=True)

    disk_warning = Float(
        80.0,
        min=0,
        max=100,
        help="""
        Percent of the home folder's volume from which on its person is warned, if less than
        10 GiB are free; from 95 percent on they are warned in any case. 0 is never, for a volume
        that all share. With the default, a home folder of 10 GiB has 2 GiB left.
        Example: ``c.GPUCommonsLab.disk_warning = 0``
        """,
    ).tag(config=True)

    control_groups = Unicode(
        str(ROOT),
        help="""
        Folder in which the kernel shows control groups, where memory and CPUs of the session
        are read. The default is where every container has them.
        Example: ``c.GPUCommonsLab.control_groups = "/host/cgroup"``
        """,
    ).tag(config=True)

    documentation_url = Unicode(
        help="""
        Address of the documentation that JupyterLab's Help menu and VS Code open; empty leaves
        the entry out. The default is what the environment variable
        ``GPUCOMMONS_DOCUMENTATION_URL`` says, which the hub can set for all sessions.
        Example: ``c.GPUCommonsLab.documentation_url = "https://docs.example.org/gpus/"``
        """,
    ).tag(config=True)

    @default("documentation_url")
    def _default_documentation_url(self) -> str:
        return os.environ.get("GPUCOMMONS_DOCUMENTATION_URL", "")

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
        self.board = NoticeBoard()
        self.own_stop = OwnStop()
        self.handlers.extend(
            [
                *self._gpu_endpoints(),
                *self._document_endpoints(),
                *self._activity_endpoints(),
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
        probe = SessionActivityProbe(
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
            (f"/{Endpoint.SESSION_ACTIVITY}", ActivityHandler, {"probe": probe, "rule": rule}),
        ]

    def _notice_endpoints(self) -> list[Rule]:
        self._events.register_event_schema(NOTICES_CHANGED_SCHEMA)
        announce = partial(announce_notices, self._events)
        self.save_before_stop = SaveBeforeStop(self.board, announce)
        disk = DiskCheck(self.use.measure_disk, self.disk_warning)
        self.home = HomeGuard(self._server.contents_manager, disk)
        try:
            self.home.look()  # before anything is written there
        except Exception:  # without it, the session still has all else
            self.log.exception("The home folder cannot be checked")
        self.kernel_names = KernelNames(self._server.session_manager)
        holders = MemoryHolders(self.kernel_pids.by_pid, self.kernel_names.by_id)
        memory = MemoryCheck(self.use.measure_container, holders, self.memory_warning)
        shared = SharedMemory(partial(read_memory, Path(self.control_groups)))
        checks = (self.home, memory, shared)
        self.health = HealthChecks(self.board, announce, checks)
        pages = session_pages(self._server.base_url, self.documentation_url, os.environ)
        self.vscode_socket = VSCodeSocket(
            self.sampler,
            self.board,
            self.activity,
            announce,
            own_stop=self.own_stop,
            pages=pages,
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
        app.transforms.append(CompressedStatic)
        pages = settings.setdefault("page_config_data", {})
        pages["gpucommonsDocumentation"] = self.documentation_url
        redirect_other_spellings(app, self._server.base_url)

    async def _start_jupyter_server_extension(self, serverapp: object) -> None:  # noqa: ARG002
        """Start what needs the running event loop."""
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
        self.sampler.start()
        self.save_before_stop.start()
        self.health.start()

    async def _notices_changed(self, *_: object, **__: object) -> None:
        self.vscode_socket.notices_changed()

    async def stop_extension(self) -> None:
        """Stop with the server what was started: metrics, checks, socket, sampling thread."""
        self.save_before_stop.stop()
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

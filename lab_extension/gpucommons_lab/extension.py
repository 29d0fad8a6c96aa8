"""The server extension: puts sampler, notices and their endpoints into a Jupyter server."""

import asyncio
import os
from functools import partial

from gpucommons_contract import Endpoint
from jupyter_server.extension.application import ExtensionApp
from prometheus_client import REGISTRY
from traitlets import Float

from gpucommons_lab.activity import Activity
from gpucommons_lab.activity_handler import ActivityHandler
from gpucommons_lab.companion import SOCKET_VARIABLE, Companion
from gpucommons_lab.editing import CONTENTS_EVENTS, Editing
from gpucommons_lab.expected import gpu_expected
from gpucommons_lab.farewell import Farewell
from gpucommons_lab.farewell_handler import FarewellHandler
from gpucommons_lab.frame_events import FrameEvents
from gpucommons_lab.gpu_activity import GPUs
from gpucommons_lab.gpu_handlers import (
    GPUHandler,
    HistoryHandler,
    PeakHandler,
    UsageHandler,
)
from gpucommons_lab.gpu_metrics import GPUCollector
from gpucommons_lab.kept_connection import tell_of_connections
from gpucommons_lab.kernel_activity import Kernels
from gpucommons_lab.notice_handler import (
    NOTICES_CHANGED,
    AnswerHandler,
    NoticeHandler,
    announce_notices,
)
from gpucommons_lab.notices import NoticeBoard
from gpucommons_lab.origins import Origins
from gpucommons_lab.output_handler import OutputHandler
from gpucommons_lab.output_keeper import OutputKeeper
from gpucommons_lab.reading import Reader
from gpucommons_lab.recorder import Recorder
from gpucommons_lab.sampler import Sampler
from gpucommons_lab.session_handler import SessionHandler, session_info
from gpucommons_lab.session_use import SessionUse
from gpucommons_lab.terminal_activity import Terminals

_LARGEST_MESSAGE = 100 * 2**20
"""Bytes. An upload in VS Code sends more than Tornado's 10 MiB at once, which ends its socket."""


class GPUCommonsLab(ExtensionApp):  # type: ignore[misc]
    """GPU telemetry and notices of a GPU Commons session."""

    name = "gpucommons_lab"
    load_other_extensions = True

    interval = Float(
        1.0,
        min=0.1,
        help="""
        Seconds between two readings of the GPUs while somebody looks. NVML averages
        utilisation over 1/6 to 1 second, so shorter shows little more.
        Example: ``c.GPUCommonsLab.interval = 2``
        """,
    ).tag(config=True)

    background_interval = Float(
        10.0,
        min=0,
        help="""
        Seconds between two readings while nobody looks, so that a tab opened later sees
        the past and Prometheus finds figures. 0 reads nothing then. A session without a
        GPU reads nothing in any case. The default is the shortest step of the session's
        history. Example: ``c.GPUCommonsLab.background_interval = 30``
        """,
    ).tag(config=True)

    linger = Float(
        60.0,
        min=0,
        help="""
        Seconds after the last panel closed until NVML is shut down, where nothing is read
        in the background. Opening NVML can take a second, so a panel that is hidden for a
        moment should not close it. Example: ``c.GPUCommonsLab.linger = 300``
        """,
    ).tag(config=True)

    def initialize_handlers(self) -> None:
        """Add the endpoints for telemetry, session and notices."""
        recorder = Recorder(os.environ)
        settings = self.serverapp.web_app.settings
        self.origins = Origins(self.serverapp.kernel_manager, settings)
        self.sampler = Sampler(
            partial(_open_reader, self.origins),
            recorder,
            interval=self.interval,
            linger=self.linger,
            background=self.background_interval if gpu_expected(os.environ) else 0,
        )
        self._collector = GPUCollector(lambda: self.sampler.current)
        REGISTRY.register(self._collector)
        self.serverapp.event_logger.register_event_schema(NOTICES_CHANGED)
        board = NoticeBoard()
        self.keeper = OutputKeeper(self.serverapp)
        self.activity = Activity(self.settings["last_activity_times"])
        self.editing = Editing()
        use = self._use(recorder)
        announce = partial(announce_notices, self.serverapp.event_logger)
        self.farewell = Farewell(board, announce)
        self.handlers.extend(
            [
                (
                    f"/{Endpoint.SESSION_GPUS}",
                    GPUHandler,
                    {"sampler": self.sampler, "events": FrameEvents()},
                ),
                (
                    f"/{Endpoint.SESSION_GPU_HISTORY}",
                    HistoryHandler,
                    {"history": recorder.history},
                ),
                (f"/{Endpoint.SESSION_GPU_USAGE}", UsageHandler, {"history": recorder.history}),
                (f"/{Endpoint.SESSION_GPU_PEAK}", PeakHandler, {"sampler": self.sampler}),
                (f"/{Endpoint.SESSION}", SessionHandler, {"session": session_info(os.environ)}),
                (f"/{Endpoint.SESSION_ACTIVITY}", ActivityHandler, {"use": use}),
                (f"/{Endpoint.SESSION_NOTICE}", NoticeHandler, {"board": board}),
                (f"/{Endpoint.SESSION_NOTICE_ANSWER}", AnswerHandler, {"board": board}),
                (f"/{Endpoint.SESSION_FAREWELL}", FarewellHandler, {"farewell": self.farewell}),
                (f"/{Endpoint.SESSION_OUTPUTS}", OutputHandler, {"keeper": self.keeper}),
            ]
        )
        settings.setdefault("websocket_max_message_size", _LARGEST_MESSAGE)
        tell_of_connections(settings, self.keeper)
        self.serverapp.contents_manager.register_pre_save_hook(self.editing.before_save)
        self.companion = Companion(self.sampler, board, self.activity, announce)

    def _use(self, recorder: Recorder) -> SessionUse:
        gpus = GPUs(
            self.sampler,
            recorder.work,
            expected=gpu_expected(os.environ),
            watched=self.background_interval > 0,
        )
        return SessionUse(
            Kernels(self.serverapp.kernel_manager, self.serverapp.session_manager),
            Terminals(self.serverapp.web_app.settings),
            gpus,
            self.editing,
            self.activity,
        )

    async def _start_jupyter_server_extension(self, serverapp: object) -> None:  # noqa: ARG002
        """Begin what needs the running event loop."""
        self.origins.start()
        self.activity.start()
        self.keeper.start()
        if socket := self.companion.open():
            os.environ[SOCKET_VARIABLE] = str(socket)  # code-server is started with it
        self.serverapp.event_logger.add_listener(
            schema_id=NOTICES_CHANGED["$id"], listener=self._tell_companion
        )
        self.serverapp.event_logger.add_listener(
            schema_id=CONTENTS_EVENTS, listener=self.editing.hear
        )
        self.sampler.start()
        self.farewell.start()

    async def _tell_companion(self, *_: object, **__: object) -> None:
        self.companion.tell_of_notices()

    async def stop_extension(self) -> None:
        """End with the server what it began: the metrics, the watch, the socket, the thread."""
        self.farewell.stop()
        await self.keeper.stop()
        REGISTRY.unregister(self._collector)
        await self.activity.stop()
        await self.companion.close()
        await asyncio.to_thread(self.sampler.close)


def _open_reader(origins: Origins) -> Reader:
    # Here, on the sampling thread: a session that nobody watches never imports them.
    from gpucommons_lab.holders import Holders  # noqa: PLC0415
    from gpucommons_lab.nvml import NVMLReader  # noqa: PLC0415
    from gpucommons_lab.process_source import own_processes  # noqa: PLC0415

    holders = Holders(own_processes(os.environ), origins.by_pid)
    return NVMLReader(expected=gpu_expected(os.environ), holders=holders)

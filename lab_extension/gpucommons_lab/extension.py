"""The server extension: puts sampler, notices and their endpoints into a Jupyter server."""

import asyncio
import os

from gpucommons_contract import Endpoint, SessionVariable
from jupyter_server.extension.application import ExtensionApp
from traitlets import Float

from gpucommons_lab.handlers import NOTICES_CHANGED, GPUHandler, NoticeHandler
from gpucommons_lab.notices import NoticeBoard
from gpucommons_lab.reading import Reader
from gpucommons_lab.sampler import Sampler


class GPUCommonsLab(ExtensionApp):  # type: ignore[misc]
    """GPU telemetry and notices of a GPU Commons session."""

    name = "gpucommons_lab"
    load_other_extensions = True

    interval = Float(
        1.0,
        min=0.1,
        help="""
        Seconds between two readings of the GPUs. NVML averages utilisation over
        1/6 to 1 second, so shorter shows little more.
        Example: ``c.GPUCommonsLab.interval = 2``
        """,
    ).tag(config=True)

    linger = Float(
        60.0,
        min=0,
        help="""
        Seconds after the last panel closed until NVML is shut down. Opening NVML
        can take a second, so a panel that is hidden for a moment should not close it.
        Nothing is read meanwhile. Example: ``c.GPUCommonsLab.linger = 300``
        """,
    ).tag(config=True)

    def initialize_handlers(self) -> None:
        """Add the endpoints for telemetry and notices."""
        self.sampler = Sampler(
            _open_reader,
            interval=self.interval,
            linger=self.linger,
            gpu_mode=os.environ.get(SessionVariable.GPU_MODE) or None,
        )
        self.handlers.append((f"/{Endpoint.SESSION_GPUS}", GPUHandler, {"sampler": self.sampler}))
        self.serverapp.event_logger.register_event_schema(NOTICES_CHANGED)
        self.handlers.append(
            (f"/{Endpoint.SESSION_NOTICE}", NoticeHandler, {"board": NoticeBoard()})
        )

    async def stop_extension(self) -> None:
        """End the sampling thread with the server."""
        await asyncio.to_thread(self.sampler.close)


def _open_reader() -> Reader:
    # Here, on the sampling thread: a session that nobody watches never imports it.
    from gpucommons_lab.nvml import NVMLReader, gpu_expected  # noqa: PLC0415

    return NVMLReader(expected=gpu_expected(os.environ))

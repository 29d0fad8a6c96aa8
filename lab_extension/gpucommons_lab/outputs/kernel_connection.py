"""Jupyter Server's connection of a page to a kernel, which reports to the output keeper."""

import json
from asyncio import Future

from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from gpucommons_lab.outputs.executions import Execution
from gpucommons_lab.outputs.output_keeper import OutputKeeper

_KEEPER = "gpucommons_output_keeper"
_CONNECTION = "kernel_websocket_connection_class"
_PROTOCOL = "v1.kernel.websocket.jupyter.org"


class TrackedConnection(ZMQChannelsWebsocketConnection):
    """Reports pages that come and go, and the cells that they run."""

    @property
    def _keeper(self) -> OutputKeeper:
        keeper: OutputKeeper = self.websocket_handler.settings[_KEEPER]
        return keeper

    # The base class of the base class declares these two as coroutines, which they are not.
    def connect(self) -> "Future[None] | None":  # type: ignore[override]
        """Connect, and report the page."""
        self._keeper.page_came(self.kernel_id, self.session.session, self)
        connected: Future[None] | None = super().connect()
        return connected

    def disconnect(self) -> None:  # type: ignore[override]
        """Disconnect, and report that the page's connection is gone."""
        self._keeper.page_went(self.kernel_id, self.session.session, self)
        super().disconnect()  # type: ignore[no-untyped-call]

    def handle_incoming_message(self, incoming_msg: str | bytes) -> None:
        """Pass a page's message on to the kernel; report it first if it runs a cell."""
        if (
            self.subprotocol == _PROTOCOL
            and isinstance(incoming_msg, bytes)
            and b'"execute_request"' in incoming_msg
        ):
            _, parts = deserialize_msg_from_ws_v1(incoming_msg)
            header, metadata = json.loads(parts[0]), json.loads(parts[2])
            cell_id = metadata.get("cellId")
            if header["msg_type"] == "execute_request" and cell_id:
                code = json.loads(parts[3])["code"]
                execution = Execution(header["msg_id"], cell_id, self.session.session, code)
                self._keeper.cell_asked(self.kernel_id, execution)
        super().handle_incoming_message(incoming_msg)  # type: ignore[arg-type]


def track_connections(settings: dict[str, object], keeper: OutputKeeper) -> None:
    """Report the server's pages to the keeper.

    Where pages reach kernels in another way, as behind a gateway, nothing changes.
    """
    if settings.get(_CONNECTION) is ZMQChannelsWebsocketConnection:
        settings[_KEEPER] = keeper
        settings[_CONNECTION] = TrackedConnection

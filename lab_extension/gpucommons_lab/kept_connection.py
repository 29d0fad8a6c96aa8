"""Jupyter Server's connection of a page to a kernel, which tells the keeper of what passes."""

import json
from asyncio import Future

from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from gpucommons_lab.output_keeper import OutputKeeper

_KEEPER = "gpucommons_output_keeper"
_CONNECTION = "kernel_websocket_connection_class"
_PROTOCOL = "v1.kernel.websocket.jupyter.org"


class KeptConnection(ZMQChannelsWebsocketConnection):  # type: ignore[misc]
    """Tells of pages that come and go, and of the cells that they run."""

    @property
    def _keeper(self) -> OutputKeeper:
        keeper: OutputKeeper = self.websocket_handler.settings[_KEEPER]
        return keeper

    def connect(self) -> "Future[None] | None":
        """Connect, and tell whose page came."""
        self._keeper.page_came(self.kernel_id, self.session.session, self)
        connected: Future[None] | None = super().connect()
        return connected

    def disconnect(self) -> None:
        """Disconnect, and tell that the page's connection went."""
        self._keeper.page_went(self.kernel_id, self)
        super().disconnect()

    def handle_incoming_message(self, incoming_msg: str | bytes) -> None:
        """Pass a page's message on to the kernel; tell first if it asks for a cell."""
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
                self._keeper.cell_asked(
                    self.kernel_id, header["msg_id"], cell_id, self.session.session, code
                )
        super().handle_incoming_message(incoming_msg)


def tell_of_connections(settings: dict[str, object], keeper: OutputKeeper) -> None:
    """Let the keeper know of the server's pages.

    Not where pages reach kernels in another way, as behind a gateway: that stays as it is.
    """
    if settings.get(_CONNECTION) is ZMQChannelsWebsocketConnection:
        settings[_KEEPER] = keeper
        settings[_CONNECTION] = KeptConnection

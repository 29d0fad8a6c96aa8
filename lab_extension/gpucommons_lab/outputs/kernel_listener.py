"""One kernel: what it publishes about the cells that pages run, and when its process ends."""

from functools import partial
from typing import Any

from jupyter_client.session import Session
from jupyter_server.services.kernels.kernelmanager import MappingKernelManager
from zmq.eventloop.zmqstream import ZMQStream

from gpucommons_lab.outputs.executions import Executions

_RESTARTS = ("restart", "dead")
"""The events of jupyter_client's KernelRestarter."""


class KernelListener:
    """Reads what a kernel publishes, from when a page is connected to it."""

    def __init__(self, manager: MappingKernelManager, kernel_id: str) -> None:
        self._manager = manager
        self._id = kernel_id
        self._kernel = manager.get_kernel(kernel_id)
        self.executions = Executions()
        self._process = self._pid
        self._stream = self._listen()
        self._ends = {event: partial(self._begun_anew, event) for event in _RESTARTS}
        for event, callback in self._ends.items():
            manager.add_restart_callback(kernel_id, callback, event)

    @property
    def is_gone(self) -> bool:
        """Whether the server no longer has it."""
        return self._id not in self._manager

    def look(self) -> None:
        """End what runs if the kernel's process is no longer the one that began it."""
        if self.is_gone:
            self.executions.end()
        elif (pid := self._pid) != self._process and pid is not None:
            self._process = pid
            self.executions.end()

    def close(self) -> None:
        """Stop reading."""
        self._stream.close()
        if not self.is_gone:
            for event, callback in self._ends.items():
                self._manager.remove_restart_callback(self._id, callback, event)

    @property
    def _pid(self) -> int | None:
        """The process, where the kernel runs on this machine."""
        pid: int | None = getattr(self._kernel.provisioner, "pid", None)
        return pid

    def _begun_anew(self, event: str) -> None:
        """Jupyter found the process dead and started another, perhaps on other ports."""
        self.executions.end()
        if event == "restart":
            self._process = self._pid
            self._stream.close()
            self._stream = self._listen()

    def _listen(self) -> ZMQStream:
        session = Session(config=self._kernel.session.config, key=self._kernel.session.key)
        connected: Any = self._kernel.connect_iopub()  # declared as a socket
        stream: ZMQStream = connected
        stream.on_recv(partial(self._hear, session))
        return stream

    def _hear(self, session: Session, parts: list[bytes]) -> None:
        """Take a message; only one about a cell that a page ran is read completely."""
        _, message_parts = session.feed_identities(parts)
        parent: str = session.unpack(message_parts[2]).get("msg_id", "")
        if parent not in self.executions:
            return
        message: dict[str, Any] = session.deserialize(message_parts)
        self.executions.hear(parent, message["header"]["msg_type"], message["content"])

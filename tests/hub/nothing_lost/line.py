"""The line between a page and its server, which can be lost as when a laptop sleeps."""

import socket
import threading
from contextlib import suppress

_CHUNK = 65536


class Line:
    """Passes what comes to its own port on to another, both ways, while it is not cut."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._ends: set[socket.socket] = set()
        self._is_cut = False
        self._is_dead = False
        self.lost = b""
        """What the server sent since nobody has been listening."""
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def die(self) -> None:
        """Let what the server sends reach nobody, though its connections stay."""
        self._is_dead = True

    def cut(self) -> None:
        """End all connections, and let none be made."""
        with self._lock:  # or what is being connected would outlive the cut
            self._is_cut = True
            for end in list(self._ends):
                _close(end)

    def mend(self) -> None:
        self._is_cut = self._is_dead = False

    def close(self) -> None:
        self.cut()
        _close(self._listener)

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                near, _ = self._listener.accept()
                with self._lock:
                    self._connect(near)

    def _connect(self, near: socket.socket) -> None:
        if self._is_cut:
            _close(near)
            return
        far = socket.create_connection(("127.0.0.1", self._target))
        self._ends |= {near, far}
        for one, other in ((near, far), (far, near)):
            threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(_CHUNK):
                if self._is_dead:
                    self.lost += data
                else:
                    other.sendall(data)
        for end in (one, other):
            _close(end)
            self._ends.discard(end)


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()

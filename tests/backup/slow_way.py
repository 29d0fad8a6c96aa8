"""A way to a store that is slow."""

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def slow_way_to(port: int) -> Iterator[tuple[int, Callable[[], int]]]:
    """A port that leads there at a few hundred kB each second, and how many bytes have passed."""
    counted = [0]

    class Way(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as other:
                back = threading.Thread(target=self.pass_on, args=(other, self.request))
                back.start()
                self.pass_on(self.request, other)
                back.join()

        def pass_on(self, source: socket.socket, target: socket.socket) -> None:
            with contextlib.suppress(OSError):
                while part := source.recv(2**15):
                    time.sleep(0.05)
                    counted[0] += len(part)
                    target.sendall(part)
                target.shutdown(socket.SHUT_WR)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Way) as server:
        server.daemon_threads = True
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield server.server_address[1], lambda: counted[0]
        finally:
            server.shutdown()
            serving.join()

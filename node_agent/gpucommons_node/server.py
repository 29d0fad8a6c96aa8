"""Serves a session its own processes over HTTP, and refuses anybody else."""

import json
import socket
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn
from typing import Any

from gpucommons_upkeep import Heartbeat

from gpucommons_node.places import Places
from gpucommons_node.pods import PodTable
from gpucommons_node.processes import ProcessScan

HEALTH = "/healthz"
PROCESSES = "/processes"
_AT_ONCE = 32
"""Connections that are served at a time."""
_SHARE = 4
"""Of these, for one client: it needs one, and its next try may overlap with the one before."""
_TIMEOUT = 2.0
"""Seconds that a client has for its request and the answer together."""


class _Handler(BaseHTTPRequestHandler):
    server: "AgentServer"
    timeout = _TIMEOUT
    server_version = "gpu-processes"
    sys_version = ""

    def do_GET(self) -> None:
        if self.path == HEALTH:
            return self._health()
        if self.path != PROCESSES:
            return self._answer(HTTPStatus.NOT_FOUND, f"There are only {PROCESSES} and {HEALTH}.")
        return self._processes()

    def _health(self) -> None:
        if trouble := self.server.trouble():
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, trouble)
        else:
            self._answer(HTTPStatus.OK, "The pods of this node are known.")

    def _processes(self) -> None:
        if self.server.trouble():
            return self._health()
        address = plain_address(self.client_address[0])
        pod = self.server.pods.at(address)
        if pod is None:
            text = f"{address} is not the address of one pod of this node."
            return self._answer(HTTPStatus.NOT_FOUND, text)
        if pod.container is None:
            text = f"The pod with address {address} runs no session."
            return self._answer(HTTPStatus.NOT_FOUND, text)
        pids = self.server.scan.of(pod.container)
        if not pids:  # the client is one of them, so the container has been replaced
            text = f"No process of the session in the pod with address {address} is visible."
            return self._answer(HTTPStatus.SERVICE_UNAVAILABLE, text)
        body = json.dumps({"pids": {str(pid): inside for pid, inside in pids.items()}})
        return self._answer(HTTPStatus.OK, body, "application/json")

    def _answer(self, status: HTTPStatus, text: str, kind: str = "text/plain") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing: sessions ask every few seconds."""


class AgentServer(ThreadingMixIn, HTTPServer):
    """The agent's server. One request per connection, on a thread of its own.

    Every connection is accepted, the readiness probe's too: whoever has too many makes room.
    """

    daemon_threads = True
    request_queue_size = 128  # all of a busy node at once; more wait a second for their next try
    block_on_close = False

    def __init__(
        self,
        address: tuple[str, int],
        pods: PodTable,
        scan: ProcessScan,
        heart: Heartbeat | None = None,
    ) -> None:
        """``address`` is host and port; a host with colons is IPv6, ``::`` is all of both.

        ``heart`` is the heartbeat of what keeps ``pods`` up to date.
        """
        self.pods = pods
        self.scan = scan
        self._heart = heart
        self._places: Places[socket.socket] = Places(_AT_ONCE, _SHARE, _TIMEOUT)
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def trouble(self) -> str | None:
        """Return why no request can be answered; None if all is well."""
        if self._heart and (trouble := self._heart.trouble()):
            return trouble
        return None if self.pods.known else "The API server does not list the pods."

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 -- as the library
        """Serve it, in place of another if necessary."""
        _close(self._places.take(request, client_address[0]))
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 -- as the library
        """Serve it, then free its place."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.leave(request)

    def service_actions(self) -> None:
        """Close the connections of those whose time is up. Called several times a second."""
        for request in self._places.overdue():
            _close(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Log nothing about clients that disconnected."""


def _close(request: socket.socket | None) -> None:
    """Shut down both directions of a connection: the thread that serves it then ends too."""
    if request:
        with suppress(OSError):  # it has just ended by itself
            request.shutdown(socket.SHUT_RDWR)


def plain_address(address: str) -> str:
    """Return the IPv4 address of a client that came through an IPv6 socket."""
    return address.removeprefix("::ffff:")

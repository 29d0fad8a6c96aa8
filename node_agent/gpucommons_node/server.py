"""Answers over HTTP: to a session its own processes, to anybody else that it is unknown."""

import json
import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn
from typing import Any

from gpucommons_node.pods import PodTable
from gpucommons_node.processes import ProcessScan

HEALTH = "/healthz"
PROCESSES = "/processes"
_AT_ONCE = 32
"""Connections that are served at a time; more are closed unheard."""
_TIMEOUT = 2.0
"""Seconds that a client has for its request."""


class _Handler(BaseHTTPRequestHandler):
    server: "AgentServer"
    timeout = _TIMEOUT
    server_version = "gpu-processes"
    sys_version = ""

    def do_GET(self) -> None:
        if self.path == HEALTH:
            return self._health()
        if self.path != PROCESSES:
            return self._answer(HTTPStatus.NOT_FOUND, f"There is {PROCESSES} and {HEALTH} alone.")
        return self._processes()

    def _health(self) -> None:
        if self.server.pods.known:
            self._answer(HTTPStatus.OK, "The pods of this node are known.")
        else:
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, "The API server does not tell the pods.")

    def _processes(self) -> None:
        if not self.server.pods.known:
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
        """Say nothing: sessions ask every few seconds."""


class AgentServer(ThreadingMixIn, HTTPServer):
    """The agent's server. One request per connection, on a thread of its own."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], pods: PodTable, scan: ProcessScan) -> None:
        """``address`` is host and port; a host with colons is IPv6, ``::`` is all of both."""
        self.pods = pods
        self.scan = scan
        self._free = threading.BoundedSemaphore(_AT_ONCE)
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 -- as the library
        """Serve it if a place is free."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 -- as the library
        """Serve it, and free its place."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that went away."""


def plain_address(address: str) -> str:
    """Write an IPv4 address that came through an IPv6 socket as such."""
    return address.removeprefix("::ffff:")

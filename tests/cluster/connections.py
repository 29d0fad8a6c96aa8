"""Pods and the node, as ends of connections that are tried."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.platform import LocalPlatform

SESSION_PORT, OTHER_PORT = 8888, 9999

_CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=2)
    print("reached")
except OSError as error:
    print(error)
"""
_LISTEN = """
import http.server, sys, threading
for port in map(int, sys.argv[1:]):
    server = http.server.ThreadingHTTPServer(("", port), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever).start()
"""


@dataclass(frozen=True)
class Pod:
    """A pod that listens on two ports and tries connections."""

    platform: LocalPlatform
    namespace: str
    name: str

    @property
    def address(self) -> str:
        query = ("-n", self.namespace, "-o", "jsonpath={.status.podIP}")
        return self.platform.kubectl("get", "pod", self.name, *query)

    def run(self, program: str, *arguments: str) -> str:
        command = ("exec", "-n", self.namespace, self.name, "--", "python3", "-c", program)
        return self.platform.kubectl(*command, *arguments).strip()

    def reaches(self, address: str, port: int) -> bool:
        return self.run(_CONNECT, address, str(port)) == "reached"


@dataclass(frozen=True)
class Node:
    """The node itself, which policies never keep from its pods."""

    platform: LocalPlatform

    def reaches(self, address: str, port: int) -> bool:
        command = ("exec", "python3", "-c", _CONNECT, address, str(port))
        return self.platform.gpucommons(*command).strip() == "reached"


def becomes(expected: bool, look: Callable[[], bool], limit: float = 20) -> bool:
    """Whether it is so in a while: rules follow a new pod or policy after a moment."""
    deadline = time.monotonic() + limit
    while look() is not expected:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.3)
    return True


def listening(image: str) -> dict[str, Any]:
    """The spec of a pod that listens on both ports; namespaces of teams take it."""
    container = {
        "name": "main",
        "image": image,
        "command": ["python3", "-c", _LISTEN, str(SESSION_PORT), str(OTHER_PORT)],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    return {
        "containers": [container],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 0,
    }

"""The cell that tries the API server, in a Python of its own, with a server that listens or not."""

import socket
import subprocess
import sys

from gpucommons_doctor.after.steps import NETWORK_CELL


def _run(**environment):
    command = [sys.executable, "-c", NETWORK_CELL]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_it_says_whether_the_address_of_every_pod_is_reached():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        host, port = server.getsockname()
        there = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": str(port)}
        assert _run(**there) == "closed"
        server.listen()
        assert _run(**there) == "open"


def test_where_no_pod_is_nothing_is_tried():
    assert _run() == "no pod"

"""A session asks the agent of its node, over real HTTP, seldom and without harm if it fails."""

import json
import os
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from gpucommons_contract import SessionVariable
from gpucommons_lab.processes import node_processes, process_source
from gpucommons_lab.processes.node_processes import NodeProcesses
from gpucommons_lab.processes.own_processes import NOT_OURS, HostProcesses, UnknownProcesses
from gpucommons_lab.processes.pod_processes import PodProcesses


class Agent:
    """Answers as the node's agent does, and counts."""

    def __init__(self) -> None:
        self.pids: object = {}
        self.status = 200
        self.asked = 0
        agent = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                agent.asked += self.path == "/processes"
                self.send_response(agent.status)
                self.end_headers()
                self.wfile.write(json.dumps({"pids": agent.pids}).encode())

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Wait longer for an answer than on a node: other work may share the machine."""
    monkeypatch.setattr(node_processes, "_TIMEOUT", 60.0)


@pytest.fixture
def agent():
    agent = Agent()
    yield agent
    agent.close()


def test_own_processes_are_known_at_once_and_others_when_told_twice(agent):
    now = [0.0]
    agent.pids = {"700": 17}
    node = NodeProcesses(agent.url, lambda: now[0])
    assert node.here(700) is None
    node.look([700, 701])
    assert (node.here(700), node.here(701)) == (17, None)
    now[0] = 1
    node.look([700, 701])
    assert agent.asked == 1  # it was a moment ago
    now[0] = 4
    node.look([700, 701])
    assert (node.here(700), node.here(701)) == (17, NOT_OURS)


def test_a_process_that_began_after_the_agent_looked_is_found_the_second_time(agent):
    now = [0.0]
    node = NodeProcesses(agent.url, lambda: now[0])
    node.look([700])
    agent.pids = {"700": 17}
    now[0] = 4
    node.look([700])
    assert node.here(700) == 17


def test_nobody_is_asked_without_a_process_nor_again_about_what_is_known(agent):
    now = [0.0]
    agent.pids = {"700": 17}
    node = NodeProcesses(agent.url, lambda: now[0])
    node.look([])
    assert agent.asked == 0
    for now[0] in (1, 10, 20):
        node.look([700])
    assert agent.asked == 1


def test_a_pid_that_was_gone_is_asked_about_again(agent):
    now = [0.0]
    agent.pids = {"700": 17}
    node = NodeProcesses(agent.url, lambda: now[0])
    node.look([700])
    now[0] = 4
    node.look([])
    assert node.here(700) is None


@pytest.mark.parametrize(
    ("status", "pids"), [(404, {}), (503, {}), (200, None), (200, {"a": 1}), (200, [7])]
)
def test_a_failing_agent_is_logged_once_and_asked_again_later(agent, caplog, status, pids):
    now = [0.0]
    agent.status, agent.pids = status, pids
    node = NodeProcesses(agent.url, lambda: now[0])
    for now[0] in (0, 5, 31):
        node.look([700])
        assert node.here(700) is None
    assert agent.asked == 2
    assert len(caplog.records) == 1
    agent.status, agent.pids = 200, {"700": 17}
    now[0] = 62
    node.look([700])
    assert node.here(700) == 17


def test_an_agent_that_is_not_there_does_no_harm(caplog):
    node = NodeProcesses("http://127.0.0.1:9")
    node.look([700])
    assert node.here(700) is None
    assert "127.0.0.1:9/processes" in caplog.text


@pytest.mark.parametrize("pids", [{"700": 17}, {}, {"700": 17, "701": 0}, {"700": -1}])
def test_an_answer_that_cannot_be_of_this_session_tells_nothing(agent, pids):
    now = [0.0]
    agent.pids = pids
    node = NodeProcesses(agent.url, lambda: now[0], server=1)
    for now[0] in (0, 31, 62):
        node.look([700, 702])
        assert (node.here(700), node.here(702)) == (None, None)
    agent.pids = {"699": 1, "700": 17}
    for now[0] in (93, 97):
        node.look([700, 702])
    assert (node.here(700), node.here(702)) == (17, NOT_OURS)


def test_an_answer_that_is_no_http_does_no_harm_and_is_not_asked_for_at_once(caplog):
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_answer_nonsense, args=(server,))
        thread.start()
        node = NodeProcesses(f"http://127.0.0.1:{server.getsockname()[1]}", lambda: 0.0)
        node.look([700])
        thread.join()
        node.look([700])  # without a pause it would wait for an answer, and fail
        assert node.here(700) is None
    assert len(caplog.records) == 1


def _answer_nonsense(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(1000)
        connection.sendall(b"220 mail.example.org ESMTP\r\n")


def test_a_pod_asks_its_node_if_it_was_told_where(monkeypatch, agent):
    monkeypatch.setattr(process_source, "pids_are_the_hosts", lambda: True)
    assert isinstance(process_source.own_processes({}), HostProcesses)
    monkeypatch.setattr(process_source, "pids_are_the_hosts", lambda: False)
    assert isinstance(process_source.own_processes({}), PodProcesses)
    told = {SessionVariable.GPU_PROCESSES_URL: agent.url}
    agent.pids = {"9700": os.getpid()}
    pod = process_source.own_processes(told)
    pod.look([os.getpid()])
    assert agent.asked == 0
    monkeypatch.setattr(process_source, "proc_is_ours", lambda: False)
    assert isinstance(process_source.own_processes(told), UnknownProcesses)

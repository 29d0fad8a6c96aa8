"""Who is answered, over real HTTP, and how the pods are learnt from an API server."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import build_opener

import httpx
import pytest
from gpucommons_node import AgentServer, Pod, PodTable, ProcessScan
from gpucommons_node.server import plain_address
from gpucommons_node.watch import look
from gpucommons_upkeep import Heartbeat
from gpucommons_upkeep.api_server import APIServer

CONTAINER, OTHER = "a" * 64, "b" * 64


def manifest(uid: str, address: str, container: str = CONTAINER, **spec: object) -> dict:
    statuses = [{"name": "notebook", "containerID": f"containerd://{container}"}]
    return {
        "metadata": {"uid": uid},
        "spec": spec,
        "status": {
            "phase": "Running",
            "podIPs": [{"ip": address}],
            "containerStatuses": statuses if container else [],
        },
    }


def _client(server: AgentServer) -> httpx.Client:
    address = f"http://127.0.0.1:{server.server_port}"
    return httpx.Client(base_url=address, trust_env=False, timeout=60)


@pytest.fixture
def agent(patient) -> Iterator[tuple[PodTable, httpx.Client]]:
    """An agent on the loopback, with processes of two containers."""
    pods = PodTable()
    scan = ProcessScan(lambda: {CONTAINER: {4242: 17}, OTHER: {5000: 1}})
    server = AgentServer(("127.0.0.1", 0), pods, scan)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    with _client(server) as client:
        yield pods, client
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_pod_gets_its_own_processes_alone(agent):
    pods, client = agent
    pods.replace([manifest("1", "127.0.0.1"), manifest("2", "10.0.0.2", OTHER)])
    assert client.get("/processes").json() == {"pids": {"4242": 17}}


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        ([], "not the address of one pod"),
        ([manifest("1", "10.0.0.9")], "not the address of one pod"),
        ([manifest("1", "127.0.0.1", hostNetwork=True)], "not the address of one pod"),
        ([manifest("1", "127.0.0.1"), manifest("2", "127.0.0.1")], "not the address of one pod"),
        ([manifest("1", "127.0.0.1", "")], "runs no session"),
    ],
)
def test_anybody_else_is_told_that_they_are_not_known(agent, known, sentence):
    pods, client = agent
    pods.replace(known)
    answer = client.get("/processes")
    assert answer.status_code == 404
    assert sentence in answer.text


def test_while_pods_are_not_known_nobody_is_answered(agent):
    pods, client = agent
    assert client.get("/healthz").status_code == 503
    pods.replace([manifest("1", "127.0.0.1")])
    assert client.get("/healthz").status_code == 200
    pods.forget()
    assert client.get("/processes").status_code == 503
    assert client.get("/else").status_code == 404


def test_a_table_that_is_too_old_answers_nobody(patient):
    now = [0.0]
    heart = Heartbeat("Listing the pods of node n", 100, lambda: now[0])
    pods = PodTable()
    pods.replace([manifest("1", "127.0.0.1")])
    server = AgentServer(
        ("127.0.0.1", 0), pods, ProcessScan(lambda: {CONTAINER: {4242: 17}}), heart
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    with _client(server) as client:
        heart.succeeded()
        codes = [client.get(path).status_code for path in ("/healthz", "/processes")]
        heart.failed("IncompleteRead: 0 bytes read")
        now[0] = 101.0
        late = [client.get(path) for path in ("/healthz", "/processes")]
    server.shutdown()
    server.server_close()
    thread.join()
    assert codes == [200, 200]
    assert [each.status_code for each in late] == [503, 503]
    assert "last succeeded 101 s ago: IncompleteRead" in late[0].text


def test_a_session_of_which_no_process_is_seen_is_not_told_that_it_has_none(agent):
    pods, client = agent
    pods.replace([manifest("1", "127.0.0.1", "c" * 64)])
    answer = client.get("/processes")
    assert (answer.status_code, "No process of the session" in answer.text) == (503, True)


def test_a_pod_that_ended_has_no_address():
    ended = manifest("1", "10.0.0.1")
    ended["status"]["phase"] = "Succeeded"
    assert Pod.read(ended) is None
    assert Pod.read({"metadata": {"uid": "1"}, "spec": {}, "status": {}}) is None


def test_an_address_of_ipv4_is_written_as_pods_have_it():
    assert plain_address("::ffff:10.0.0.1") == "10.0.0.1"
    assert plain_address("fd00::1") == "fd00::1"


class _Pods(BaseHTTPRequestHandler):
    """Answers a list and a watch of pods as an API server does."""

    asked: list[dict[str, list[str]]]
    events: list[dict]

    def do_GET(self):
        query = parse_qs(urlsplit(self.path).query)
        self.asked.append(query | {"token": [self.headers["Authorization"]]})
        first = {"metadata": {"resourceVersion": "7"}, "items": [manifest("1", "10.0.0.1")]}
        lines = self.events if "watch" in query else [first]
        self.send_response(200)
        self.end_headers()
        self.wfile.write("".join(json.dumps(each) + "\n" for each in lines).encode())

    def log_message(self, *_):
        pass


def test_pods_are_listed_and_followed(tmp_path: Path):
    _Pods.asked, _Pods.events = (
        [],
        [
            {"type": "ADDED", "object": manifest("2", "10.0.0.2", OTHER)},
            {"type": "DELETED", "object": manifest("1", "10.0.0.1")},
            {"type": "ERROR", "object": {"code": 410}},
            {"type": "ADDED", "object": manifest("3", "10.0.0.3")},
        ],
    )
    (tmp_path / "token").write_text("secret")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pods)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    table = PodTable()
    url = f"http://127.0.0.1:{server.server_port}"
    look(APIServer(url, build_opener(), tmp_path / "token"), "node-1", table)
    server.shutdown()
    server.server_close()
    thread.join()
    assert table.at("10.0.0.1") is None
    assert table.at("10.0.0.2") == Pod("2", frozenset({"10.0.0.2"}), OTHER)
    assert table.at("10.0.0.3") is None
    listed, watched = _Pods.asked
    assert listed["fieldSelector"] == watched["fieldSelector"] == ["spec.nodeName=node-1"]
    assert watched["resourceVersion"] == ["7"]
    assert listed["token"] == ["Bearer secret"]

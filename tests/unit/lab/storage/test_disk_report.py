"""What a session tells the hub of its home folder."""

import json

import pytest
from gpucommons_contract import DiskUse
from gpucommons_lab.storage.disk_report import DiskReport
from tornado.httpclient import HTTPClientError
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

GIB = 2**30


class Hub(RequestHandler):
    """Takes what is reported."""

    def initialize(self, taken):
        self.taken = taken

    def put(self):
        self.taken.append((self.request.path, dict(self.request.headers), self.request.body))
        self.set_status(204 if self.request.headers["Authorization"] == "token secret" else 403)


@pytest.fixture
async def hub():
    taken = []
    socket, port = bind_unused_port()
    server = HTTPServer(Application([(".*", Hub, {"taken": taken})]))
    server.add_socket(socket)
    yield f"http://127.0.0.1:{port}/hub/api", taken
    server.stop()


class Session:
    """A session that reports."""

    def __init__(self, api: str, token: str = "secret") -> None:
        self.disk: DiskUse | None = None
        self.now = 0.0
        environ = {
            "JUPYTERHUB_API_URL": api,
            "JUPYTERHUB_USER": "ada@example.org",
            "JUPYTERHUB_SERVER_NAME": "",
            "JUPYTERHUB_API_TOKEN": token,
        }
        self.report = DiskReport(lambda: self.disk, environ, clock=lambda: self.now)


async def test_it_says_how_full_the_home_folder_is(hub):
    api, taken = hub
    session = Session(api)
    await session.report.look()
    assert taken == []
    session.disk = DiskUse(12 * GIB, 50 * GIB, 5, 64)
    await session.report.look()
    ((path, _, body),) = taken
    assert path == "/hub/api/gpucommons/users/ada%40example.org/disk-use/"
    assert json.loads(body) == {"used": 12 * GIB, "size": 50 * GIB, "files": 5, "most_files": 64}


@pytest.mark.parametrize(
    ("after", "used", "is_said"),
    [
        (61, 12.1, False),
        (61, 13, True),
        (30, 49, False),
        (3601, 12, True),
    ],
)
async def test_only_what_changed_much_is_said_again_and_all_after_an_hour(
    hub, after, used, is_said
):
    api, taken = hub
    session = Session(api)
    session.disk = DiskUse(12 * GIB, 50 * GIB)
    await session.report.look()
    session.now += after
    session.disk = DiskUse(int(used * GIB), 50 * GIB)
    await session.report.look()
    assert len(taken) == 1 + is_said


async def test_what_the_hub_refused_is_said_again(hub):
    api, taken = hub
    session = Session(api, token="old")
    session.disk = DiskUse(12 * GIB, 50 * GIB)
    for _ in range(2):
        with pytest.raises(HTTPClientError):
            await session.report.look()
    assert len(taken) == 2


async def test_without_a_hub_nothing_runs():
    report = DiskReport(lambda: None, {})
    report.start()
    await report.stop()

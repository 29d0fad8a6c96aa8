"""What we ask the hub, and what is told when it does not answer as it should."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from gpucommons_local.machine.certificates import CertificateFiles, make_certificates
from gpucommons_people.clients import patience
from gpucommons_people.clients.hub import Hub
from gpucommons_people.clients.patience import Patience
from gpucommons_people.errors import MissingRightError, PeopleError, UnreachableError


class _Answering(BaseHTTPRequestHandler):
    def _answer(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length).decode()
        asked = (self.command, self.path, body, self.headers["Authorization"])
        self.server.asked.append(asked)
        before = self.server.before
        status, headers, answer = before.pop(0) if before else self.server.answer
        self.send_response(status)
        content = answer.encode()
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 -- names of http.server

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answering)
    server.asked, server.answer, server.before = [], (200, {}, "{}"), []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
async def hub(server):
    url = f"http://127.0.0.1:{server.server_port}/hub/api/"
    async with Hub.open(url, lambda: "the-token") as hub:
        yield hub


_OURS = {"X-JupyterHub-Version": "6.1"}


async def test_a_person_is_read_with_sessions_and_whether_they_were_here(hub, server):
    model = {"name": "ada@x.org", "servers": {"": {}, "b": {}}, "groups": ["vision"]}
    model["last_activity"] = "2026-01-01"
    server.answer = (200, _OURS, json.dumps(model))
    user = await hub.user("ada@x.org")
    assert (user.servers, user.groups, user.was_active) == (("", "b"), ("vision",), True)
    server.answer = (200, _OURS, json.dumps(model | {"last_activity": None}))
    assert not (await hub.user("ada@x.org")).was_active
    assert server.asked[0] == ("GET", "/hub/api/users/ada%40x.org", "", "token the-token")


async def test_a_recheck_carries_the_grace_and_counts_what_is_unclear_as_a_no(hub, server):
    answer = {"allowed": False, "reason": "Gone.", "sessions": [""], "stops_at": 12.5}
    server.answer = (200, _OURS, json.dumps(answer))
    standing = await hub.recheck("o'a+b@x.org", 600)
    assert (standing.allowed, standing.sessions, standing.stops_at) == (False, ("",), 12.5)
    method, path, body, _ = server.asked[0]
    assert (method, path) == ("POST", "/hub/api/gpucommons/users/o%27a%2Bb%40x.org/recheck")
    assert json.loads(body) == {"grace_seconds": 600, "unclear_is_no": True}


async def test_sessions_and_people_are_deleted_where_jupyterhub_has_them(hub, server):
    server.answer = (204, _OURS, "")
    await hub.stop("a@x.org", "")
    await hub.stop("a@x.org", "se cond")
    assert await hub.delete_user("a@x.org")
    assert [path for _, path, _, _ in server.asked] == [
        "/hub/api/users/a%40x.org/server",
        "/hub/api/users/a%40x.org/servers/se%20cond",
        "/hub/api/users/a%40x.org",
    ]


async def test_nobody_is_told_from_a_wrong_address(hub, server):
    server.answer = (404, _OURS, "{}")
    assert await hub.user("a@x.org") is None
    assert not await hub.delete_user("a@x.org")
    server.answer = (404, {}, "no such page")
    with pytest.raises(PeopleError, match="404"):
        await hub.user("a@x.org")


@pytest.mark.parametrize("status", [401, 403])
async def test_a_token_without_the_right_is_told_with_the_scopes_it_needs(hub, server, status):
    server.answer = (status, _OURS, "{}")
    with pytest.raises(MissingRightError, match="delete:users") as told:
        await hub.user("a@x.org")
    assert "the-token" not in str(told.value)


async def test_another_error_is_told_in_the_hub_s_words(hub, server):
    server.answer = (400, _OURS, '{"message": "is in the process of stopping"}')
    with pytest.raises(PeopleError, match=r"400 to DELETE .*: is in the process of stopping"):
        await hub.delete_user("a@x.org")


async def test_a_hub_that_is_not_there_is_told_with_its_address(server):
    with_nothing = "http://127.0.0.1:1/hub/api"
    async with Hub.open(with_nothing, lambda: "token") as hub:
        with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:1/hub/api cannot be reached"):
            await hub.user("a@x.org")


@pytest.fixture
async def waiting(server, monkeypatch):
    """A hub that is waited for, and what was said of it."""
    monkeypatch.setattr(patience, "_FIRST_PAUSE_S", 0.01)
    told: list[str] = []
    url = f"http://127.0.0.1:{server.server_port}/hub/api/"
    async with Hub.open(url, lambda: "t", Patience(30.0, told.append)) as hub:
        yield hub, told


async def test_a_hub_that_restarts_is_waited_for_and_that_is_said_once(waiting, server):
    hub, told = waiting
    html = {"Content-Type": "text/html"}
    server.before = [(503, html, "<p>moons</p>"), (502, {}, ""), (500, _OURS, "{}"), (429, {}, "")]
    server.answer = (200, _OURS, json.dumps({"name": "a@x.org"}))
    assert (await hub.user("a@x.org")).name == "a@x.org"
    (said,) = told
    assert "answers 503 to GET /users/a%40x.org: Service Unavailable. Waiting for it, 30" in said


async def test_what_is_deleted_already_when_it_is_asked_again_is_no_error(waiting, server):
    hub, _ = waiting
    server.before, server.answer = [(504, {}, "")], (404, _OURS, "{}")
    assert not await hub.delete_user("a@x.org")


async def test_a_hub_that_stays_away_is_told_with_what_to_do(server):
    server.answer = (503, {}, "")
    url = f"http://127.0.0.1:{server.server_port}/hub/api/"
    async with Hub.open(url, lambda: "t") as hub:
        with pytest.raises(UnreachableError, match=r"answers 503 .* run the same command again"):
            await hub.user("a@x.org")


async def test_a_hub_whose_authority_is_ours_is_asked_by_who_trusts_it_and_by_nobody_else(
    server, tmp_path
):
    files = CertificateFiles(tmp_path)
    make_certificates(files)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*files.served)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.answer = (200, _OURS, json.dumps({"name": "ada@x.org"}))
    url = f"https://127.0.0.1:{server.server_port}/hub/api"
    trusted = ssl.create_default_context(cafile=files.authority)
    async with Hub.open(url, lambda: "t", trusted=trusted) as hub:
        assert (await hub.user("ada@x.org")).name == "ada@x.org"
    async with Hub.open(url, lambda: "t") as hub:
        with pytest.raises(UnreachableError, match="certificate verify failed"):
            await hub.user("ada@x.org")

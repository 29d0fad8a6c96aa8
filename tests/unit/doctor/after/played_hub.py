"""A hub, its Dex and its sessions, played by one Tornado server as far as a look sees them."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gpucommons_contract.progress import WAITING
from gpucommons_doctor.after.session import SERVER
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

PERSON, PASSWORD, TOKEN = "ada@example.org", "a password", "a-token-of-ada"
_MADE_TOKEN = "a-token-made-for-a-look"
_ESCAPED = "ada%40example.org"
_SESSION = f"/user/{_ESCAPED}/{SERVER}/"


@dataclass
class PlayedHub:
    """What it is like; a test changes what it wants to see go wrong."""

    chooser: bool = False
    """Whether Dex asks which connector, as it does where there are several."""
    leads_to: str = ""
    """Another address of its own to which it leads everybody who signs in."""
    refusal: tuple[int, str] | None = None
    """What a start is answered with."""
    after_refusal: dict[str, Any] = field(
        default_factory=lambda: {SERVER: server_model(ready=False, stopped=True)}
    )
    """The person's servers then: JupyterHub keeps the name of what it did not start."""
    failure: str = ""
    """What the progress says of a start that fails."""
    failure_of_second: str = ""
    """The same of a second start alone."""
    never_ready: bool = False
    """Whether a start takes for ever."""
    in_queue: bool = False
    """Whether it says meanwhile that its turn has not come."""
    files_status: int = 0
    """What a file that is written is answered with, if it is not taken."""
    page_status: int = 200
    socket_status: int = 0
    """What the kernel's WebSocket is answered with, if not by a kernel."""
    kernel_dies: bool = False
    gpus: Sequence[str] = ()
    """What the kernel sees. Without one there is no driver's library either."""
    network: str = "closed"
    """What a cell says that tries to reach the API server."""
    forgets_files: bool = False
    stop_status: int = 204
    token_kind: str = "user"
    servers: dict[str, dict[str, Any]] = field(default_factory=dict)
    """As the hub has them, stopped ones too."""
    files: dict[str, str] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=lambda: [TOKEN])
    asked: list[str] = field(default_factory=list)
    """Method and path of each request, in their order."""
    options: dict[str, str] = field(default_factory=dict)
    """What the last start asked for."""
    starting: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def listen(self) -> HTTPServer:
        server = HTTPServer(_application(self))
        sockets = bind_sockets(0, "127.0.0.1")
        self.port = sockets[0].getsockname()[1]
        server.add_sockets(sockets)
        return server

    def begin(self, options: dict[str, str]) -> None:
        if self.options:
            self.failure = self.failure_of_second
        self.options = options
        self.servers[SERVER] = server_model(ready=False, pending="spawn")
        self.starting.set()

    def is_asked(self, method: str, path: str) -> bool:
        return any(each.startswith(method) and each.endswith(path) for each in self.asked)


def server_model(**fields: object) -> dict[str, Any]:
    """What JupyterHub 6.1 says of a server, as far as it is read."""
    start = {"ready": True, "pending": None, "stopped": False, "url": _SESSION, "full_url": None}
    return start | fields


def _application(played: PlayedHub) -> Application:
    person, server = f"/hub/api/users/{_ESCAPED}", f"/hub/api/users/{_ESCAPED}/servers/{SERVER}"
    handlers = [
        ("/hub/oauth_login", _OAuthLogin),
        ("/dex/auth", _Chooser),
        ("/dex/auth/local", _Form),
        ("/hub/home", _Home),
        ("/hub/api/user", _Who),
        (f"{person}/tokens", _Tokens),
        (f"{person}/tokens/(.+)", _Token),
        (person, _Person),
        (server, _Server),
        (f"{server}/progress", _Progress),
        (_SESSION, _Root),
        (f"{_SESSION}lab", _Lab),
        (f"{_SESSION}api/kernels", _Kernels),
        (f"{_SESSION}api/kernels/k1", _Kernel),
        (f"{_SESSION}api/kernels/k1/channels", _Channels),
        (f"{_SESSION}api/contents/(.+)", _Contents),
    ]
    return Application(handlers, played=played)


class _Handler(RequestHandler):
    def set_default_headers(self) -> None:
        self.clear_header("Server")

    def prepare(self) -> None:
        self.played: PlayedHub = self.settings["played"]
        self.played.asked.append(f"{self.request.method} {self.request.path}")

    @property
    def token(self) -> str:
        return self.request.headers.get("Authorization", "").removeprefix("token ")

    def refuse(self, status: int, message: str) -> None:
        self.set_status(status)
        self.finish({"status": status, "message": message})


class _ForThePerson(_Handler):
    """What wants a token, or the cookie of a sign-in with what shows that a page asks."""

    def prepare(self) -> None:
        super().prepare()
        cookie = self.get_cookie("hub-login") == "yes"
        from_page = self.request.headers.get("X-XSRFToken") == "from-the-page"
        opens_page = self.request.method == "GET" and not self.request.path.startswith("/hub/api")
        if self.token not in self.played.tokens and not (cookie and (from_page or opens_page)):
            self.refuse(403, "Missing or invalid credentials.")


class _OAuthLogin(_Handler):
    def get(self) -> None:
        assert self.get_argument("next") == "/hub/home"
        page = "/dex/auth" if self.played.chooser else "/dex/auth/local"
        self.redirect(f"{self.played.leads_to}{page}")


class _Chooser(_Handler):
    def get(self) -> None:
        self.write('<a href="/dex/auth/github">GitHub</a> <a href="/dex/auth/local">E-mail</a>')


class _Form(_Handler):
    def get(self) -> None:
        self.write(
            '<h1>Log in</h1><form method="post" action="?state=s"><input name="login">'
            '<input name="password" type="password"></form>'
        )

    def post(self) -> None:
        said = self.get_body_argument("login"), self.get_body_argument("password")
        if said != (PERSON, PASSWORD):
            self.set_status(401)
            self.get()
            return
        self.set_cookie("hub-login", "yes", path="/")
        self.redirect("/hub/home", status=303)


class _Home(_Handler):
    def get(self) -> None:
        self.set_cookie("_xsrf", "from-the-page", path="/hub/")
        self.write("<h1>Home</h1>")


class _Who(_ForThePerson):
    def get(self) -> None:
        self.write({"kind": self.played.token_kind, "name": PERSON, "servers": {}})


class _Tokens(_ForThePerson):
    def post(self) -> None:
        assert json.loads(self.request.body)["expires_in"] > 0
        self.played.tokens.append(_MADE_TOKEN)
        self.set_status(201)
        self.write({"id": "a7", "token": _MADE_TOKEN})


class _Token(_ForThePerson):
    def delete(self, number: str) -> None:
        assert number == "a7"
        self.played.tokens.remove(_MADE_TOKEN)
        self.set_status(204)


class _Person(_ForThePerson):
    def get(self) -> None:
        also_stopped = self.get_argument("include_stopped_servers", "")
        servers = self.played.servers.items()
        self.write({"servers": {k: v for k, v in servers if also_stopped or not v["stopped"]}})


class _Server(_ForThePerson):
    def post(self) -> None:
        if self.played.refusal:
            self.played.servers = self.played.after_refusal
            self.refuse(*self.played.refusal)
            return
        self.played.begin(json.loads(self.request.body))
        self.set_status(202)

    def delete(self) -> None:
        if self.played.stop_status != 204:
            self.refuse(self.played.stop_status, "The pod does not go away.")
            return
        if json.loads(self.request.body)["remove"]:
            self.played.servers.pop(SERVER, None)
        else:
            self.played.servers[SERVER] = server_model(ready=False, stopped=True)
        if self.played.forgets_files:
            self.played.files.clear()
        self.set_status(204)


class _Progress(_ForThePerson):
    async def get(self) -> None:
        waiting = {WAITING: True} if self.played.in_queue else {}
        event = {"progress": 10, "message": "It waits for a node.", **waiting}
        self.write(f"data: {json.dumps(event)}\n\n")
        await self.flush()
        if self.played.never_ready:
            self.gone = asyncio.Event()
            await self.gone.wait()
        elif self.played.failure:
            self.played.servers[SERVER] = server_model(ready=False, stopped=True)
            self.write(f"data: {json.dumps({'failed': True, 'message': self.played.failure})}\n\n")
        else:
            self.played.servers[SERVER] = server_model()
            self.write('data: {"ready": true, "message": "Server ready"}\n\n')

    def on_connection_close(self) -> None:
        self.gone.set()


class _Root(_ForThePerson):
    def get(self) -> None:
        self.redirect(f"{_SESSION}lab")


class _Lab(_ForThePerson):
    def get(self) -> None:
        self.set_status(self.played.page_status)
        self.write("<h1>Service unavailable</h1>" if self.played.page_status != 200 else "Lab")


class _Kernels(_ForThePerson):
    def post(self) -> None:
        self.set_status(201)
        self.write({"id": "k1"})


class _Kernel(_ForThePerson):
    def delete(self) -> None:
        self.set_status(204)


class _Channels(WebSocketHandler):
    def prepare(self) -> None:
        self.played: PlayedHub = self.settings["played"]
        if self.played.socket_status:
            self.set_status(self.played.socket_status)
            self.finish()
        elif self.request.headers.get("Authorization", "")[6:] not in self.played.tokens:
            self.set_status(403)
            self.finish()

    def on_message(self, message: str | bytes) -> None:
        if self.played.kernel_dies:
            self.close()
            return
        asked = json.loads(message)
        self._say({"msg_id": "of another page"}, "status", {"execution_state": "idle"})
        parent = asked["header"]
        if "KUBERNETES_SERVICE" in asked["content"]["code"]:
            self._say(parent, "stream", {"name": "stdout", "text": f"{self.played.network}\n"})
        elif "nvml" not in asked["content"]["code"]:
            self._say(parent, "stream", {"name": "stdout", "text": "3.12.3\n"})
        elif self.played.gpus:
            text = json.dumps(list(self.played.gpus))
            self._say(parent, "stream", {"name": "stdout", "text": f"{text}\n"})
        else:
            lost = "libnvidia-ml.so.1: cannot open shared object file"
            self._say(parent, "error", {"ename": "OSError", "evalue": lost})
        self._say(parent, "status", {"execution_state": "idle"})

    def _say(self, parent: dict[str, str], kind: str, content: dict[str, str]) -> None:
        said = {"parent_header": parent, "msg_type": kind, "content": content}
        self.write_message(json.dumps(said))


class _Contents(_ForThePerson):
    def put(self, name: str) -> None:
        if self.played.files_status:
            self.refuse(self.played.files_status, "Read-only file system")
            return
        self.played.files[name] = json.loads(self.request.body)["content"]
        self.set_status(201)

    def get(self, name: str) -> None:
        if name not in self.played.files:
            self.refuse(404, f"file or directory does not exist: {name!r}")
            return
        self.write({"content": self.played.files[name]})

    def delete(self, name: str) -> None:
        del self.played.files[name]
        self.set_status(204)

"""A registry in the test's own process, which speaks HTTP as the specification has it."""

import base64
import hashlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
TOKEN = "a-token-for-a-minute"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass
class Request:
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: str = ""


@dataclass
class Reply:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


Answer = Callable[[Request], Reply | None]


class Registry:
    """What is pushed, who may look, and all that was asked.

    ``instead`` answers before anything else does, unless it returns None.
    """

    def __init__(self) -> None:
        self.tags: dict[tuple[str, str], str] = {}
        self.contents: dict[str, tuple[str, bytes]] = {}
        self.asked: list[Request] = []
        self.instead: Answer = lambda request: None
        self.challenge = ""
        self.accepts: set[str] = set()
        """Values of Authorization that let one look."""
        self.users: dict[str, str] = {}
        """Passwords by user, for tokens; nobody needs one if empty."""
        self.scheme = "http"
        self.host = ""

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}"

    def push(
        self, repository: str, tag: str, *platforms: str, seed: str = "", as_index: bool = True
    ) -> str:
        """Keep an image for some platforms under a tag; return its digest."""
        platforms = platforms or ("linux/amd64",)
        entries = [self._image(platform, f"{repository}:{tag}:{seed}") for platform in platforms]
        if as_index:
            listed = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
            digest = self.keep(INDEX, json.dumps(listed).encode())
        else:
            digest = entries[0]["digest"]
        self.tags[repository, tag] = digest
        return digest

    def keep(self, media_type: str, content: bytes) -> str:
        digest = digest_of(content)
        self.contents[digest] = (media_type, content)
        return digest

    def requires_token(self, realm: str) -> None:
        """Ask for tokens of a service, which only its users get if it has some."""
        self.challenge = f'Bearer realm="{realm}",service="the registry"'
        self.accepts = {f"Bearer {TOKEN}"}

    def requires_password(self, user: str, password: str) -> None:
        self.challenge = 'Basic realm="the registry"'
        self.accepts = {f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}

    def questions(self) -> list[tuple[str, str]]:
        """Return method and path of all that was asked, without looks for TLS."""
        return [(each.method, each.path) for each in self.asked if each.path != "/v2/"]

    def answer(self, request: Request) -> Reply:
        self.asked.append(request)
        if reply := self.instead(request):
            return reply
        if request.path == "/token":
            return self._token(request)
        if self.challenge and request.headers.get("authorization") not in self.accepts:
            scope = f',scope="repository:{request.path.split("/manifests/")[0][4:]}:pull"'
            challenge = self.challenge + (scope if self.challenge.startswith("Bearer") else "")
            return Reply(401, {"WWW-Authenticate": challenge})
        return self._content(request)

    def _content(self, request: Request) -> Reply:
        _, _, path = request.path.partition("/v2/")
        for kind in ("/manifests/", "/blobs/"):
            repository, found, named = path.partition(kind)
            if found and (content := self.contents.get(self.tags.get((repository, named), named))):
                media_type, body = content
                headers = {"Content-Type": media_type, "Docker-Content-Digest": digest_of(body)}
                return Reply(200, headers, body)
        error = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}
        return Reply(404, {"Content-Type": "application/json"}, json.dumps(error).encode())

    def _token(self, request: Request) -> Reply:
        given = request.headers.get("authorization", "").removeprefix("Basic ")
        user, _, password = base64.b64decode(given).decode().partition(":")
        if request.method == "POST":
            user, password = "", dict(parse_qsl(request.body)).get("refresh_token", "")
        if self.users and self.users.get(user) != password:
            return Reply(401)
        return Reply(200, {}, json.dumps({"token": TOKEN}).encode())

    def _image(self, platform: str, seed: str) -> dict:
        os, architecture, *variant = platform.split("/")
        said = {"os": os, "architecture": architecture} | (
            {"variant": variant[0]} if variant else {}
        )
        config = self.keep(CONFIG, json.dumps({**said, "seed": seed}).encode())
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "digest": config},
            "layers": [],
        }
        digest = self.keep(MANIFEST, json.dumps(manifest).encode())
        return {"mediaType": MANIFEST, "digest": digest, "platform": said}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: Registry

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0))).decode()
        request = Request(self.command, parts.path, parse_qsl(parts.query), headers, body)
        reply = self.registry.answer(request)
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    do_GET = do_HEAD = do_POST = _serve  # noqa: N815 -- http.server's names

    def log_message(self, *_arguments: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_request: object) -> None:
        """Clients may leave when they like."""


@contextmanager
def serving(registry: Registry, certificate: ssl.SSLContext | None = None) -> Iterator[Registry]:
    """Serve on a port of this machine, for as long as this lasts."""
    handler = type("Handler", (_Handler,), {"registry": registry})
    server = _Server(("127.0.0.1", 0), handler)
    if certificate:
        server.socket = certificate.wrap_socket(server.socket, server_side=True)
        registry.scheme = "https"
    registry.host = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""The pages and the API on a real server; the hub is played: it answers "who am I"."""

import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from gpucommons_culler.core.errors import HubUnavailableError
from gpucommons_culler.core.metrics import Metrics
from gpucommons_culler.database.store import Store
from gpucommons_culler.web.application import Serving, application
from gpucommons_culler.web.service import IdleAPI
from jupyterhub.services.auth import HubOAuth
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from tests.unit.culler.played_judge import PlayedJudge
from tests.unit.culler.samples import NOW

PREFIX = "/services/idle/"
_PATIENCE_S = 60
"""For answers: other work may share the machine."""
_ACCESS = "access:services!service=idle"
PEOPLE = {
    "ada": {"kind": "user", "name": "ada", "scopes": [_ACCESS]},
    "ben": {"kind": "user", "name": "ben", "scopes": [_ACCESS]},
    "root": {"kind": "user", "name": "root", "scopes": [_ACCESS, "admin-ui"]},
    "script": {"kind": "service", "name": "ada", "scopes": [_ACCESS]},
    "outsider": {"kind": "user", "name": "ada", "scopes": []},
    "prometheus": {"kind": "service", "name": "prometheus", "scopes": ["read:metrics"]},
}


class WhoAmI(RequestHandler):
    def get(self) -> None:
        name = self.request.headers["Authorization"].removeprefix("token ")
        if name not in PEOPLE:
            self.set_status(403)
            return
        self.finish(json.dumps(PEOPLE[name]))


class PlayedTitles:
    """What a catalogue calls them."""

    def environment(self, name: str) -> str:
        return {"pytorch": "PyTorch (CUDA)"}.get(name, name)

    def size(self, name: str) -> str:
        return {"gpu-half": "Half a GPU"}.get(name, name)


class KnownPeople:
    """Whom the hub knows."""

    names = frozenset({"ada", "ben", "root", "ada@example.org"})
    away = False

    async def __call__(self, name: str) -> bool:
        if self.away:
            raise HubUnavailableError("The hub does not answer.")
        return name in self.names


class Health:
    """What the service says of itself."""

    problem: str | None = None

    def __call__(self) -> str | None:
        return self.problem


@pytest.fixture
def judge() -> PlayedJudge:
    return PlayedJudge()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def known_people() -> KnownPeople:
    return KnownPeople()


@pytest.fixture
async def address(store: Store, judge, metrics, health, known_people) -> AsyncIterator[str]:
    hub_socket, hub_port = bind_unused_port()
    hub = HTTPServer(Application([("/hub/api/user", WhoAmI)]))
    hub.add_socket(hub_socket)
    hub_auth = HubOAuth(
        api_url=f"http://127.0.0.1:{hub_port}/hub/api",
        api_token="token-of-the-service",
        base_url=PREFIX,
        hub_prefix="/hub/",
        oauth_client_id="service-idle",
        access_scopes={_ACCESS},
    )
    api = IdleAPI(judge, store, lambda: NOW, has_person=known_people)
    socket, port = bind_unused_port()
    serving = Serving(api, metrics, health, hub_auth, b"secret" * 8, titles=PlayedTitles())
    server = HTTPServer(application(serving))
    server.add_socket(socket)
    yield f"http://127.0.0.1:{port}"
    for each in (server, hub):
        each.stop()
        await each.close_all_connections()


@pytest.fixture
async def visitor(address: str) -> AsyncIterator[Callable[[str], httpx.AsyncClient]]:
    """Make a client with somebody's token; an empty name has none."""
    clients: list[httpx.AsyncClient] = []

    def visitor(name: str = "") -> httpx.AsyncClient:
        headers = {"Authorization": f"token {name}"} if name else {}
        client = httpx.AsyncClient(
            base_url=address + PREFIX, headers=headers, verify=False, timeout=_PATIENCE_S
        )
        clients.append(client)
        return client

    yield visitor
    for client in clients:
        await client.aclose()


@pytest.fixture
def ada(visitor) -> httpx.AsyncClient:
    return visitor("ada")


@pytest.fixture
def root(visitor) -> httpx.AsyncClient:
    """An administrator."""
    return visitor("root")

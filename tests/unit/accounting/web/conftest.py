"""The pages and the API on a real server; the hub is played: it answers who somebody is."""

import json
from collections.abc import AsyncIterator, Callable
from decimal import Decimal

import httpx
import pytest
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.web.accounts import Accounts
from gpucommons_accounting.web.application import application
from gpucommons_accounting.web.asking import Records
from gpucommons_accounting.web.budgets.balance_sheet import BalanceSheet
from gpucommons_accounting.web.budgets.budgeting import Budgeting
from gpucommons_accounting.web.erasing import Erasing
from gpucommons_accounting.web.metrics import AccountingMetrics
from gpucommons_accounting.web.pilot.pilot import Pilot
from gpucommons_accounting.web.site import Site
from gpucommons_accounting.web.teams.leading import Leading
from jupyterhub.services.auth import HubOAuth
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from ..sessions import at

NOW = at("2026-11-30T12:00")
SINCE = "2026-01-07T08:00:00.000001Z"
"""When everybody's account was made."""
_PREFIX = "/services/gpu/"
_PATIENCE_S = 60
"""For answers: other work may share the machine."""
_ACCESS = "access:services!service=gpu"
_ADMINISTRATORS = {"root"}
GONE = {"cleo", "nobody"}
"""Who has no account."""


class _WhoAmI(RequestHandler):
    def get(self) -> None:
        name = self.request.headers["Authorization"].removeprefix("token ")
        scopes = [_ACCESS, *(["admin-ui"] if name in _ADMINISTRATORS else [])]
        self.finish(json.dumps({"kind": "user", "name": name, "scopes": scopes}))


class _Account(RequestHandler):
    def get(self, name: str) -> None:
        if name in GONE:
            self.set_status(404)
            self.set_header("X-JupyterHub-Version", "5")
            self.finish("{}")
            return
        self.finish(json.dumps({"name": name, "created": SINCE}))


class PlayedTitles:
    """What a catalogue calls them."""

    def environment(self, name: str) -> str:
        return {"torch": "PyTorch"}.get(name, name)

    def size(self, name: str) -> str:
        return {"gpu": "One GPU"}.get(name, name)


@pytest.fixture
async def address(berlin_store: Store) -> AsyncIterator[str]:
    """Where a site in Berlin has its pages; it is ``NOW``."""
    hub_socket, hub_port = bind_unused_port()
    answers = [("/hub/api/user", _WhoAmI), ("/hub/api/users/(.*)", _Account)]
    hub = HTTPServer(Application(answers))
    hub.add_socket(hub_socket)
    hub_auth = HubOAuth(
        api_url=f"http://127.0.0.1:{hub_port}/hub/api",
        api_token="token-of-the-service",
        base_url=_PREFIX,
        hub_prefix="/hub/",
        oauth_client_id="service-gpu",
        access_scopes={_ACCESS},
    )
    site = Site(berlin_store.calendar, "EUR", 2, PlayedTitles())
    accounts = Accounts(hub_auth)
    records = Records(berlin_store, site, lambda: NOW, accounts)
    sheet = BalanceSheet(berlin_store, site, Decimal(0), lambda: NOW)
    pages = application(
        records,
        Budgeting(berlin_store, records, sheet),
        Leading(berlin_store, records),
        Pilot(berlin_store, records),
        hub_auth,
        cookie_secret=b"secret" * 8,
        erasing=Erasing(berlin_store, accounts, lambda: NOW),
        metrics=AccountingMetrics(berlin_store, sheet, lambda: NOW),
        lab_name="Lab",
        hearts=(),
    )
    socket, port = bind_unused_port()
    server = HTTPServer(pages)
    server.add_socket(socket)
    yield f"http://127.0.0.1:{port}"
    for each in (server, hub):
        each.stop()
        await each.close_all_connections()


@pytest.fixture
async def visitor(address: str) -> AsyncIterator[Callable[[str], httpx.AsyncClient]]:
    """Make a client with somebody's token."""
    clients: list[httpx.AsyncClient] = []

    def visitor(name: str) -> httpx.AsyncClient:
        headers = {"Authorization": f"token {name}"}
        client = httpx.AsyncClient(
            base_url=address + _PREFIX, headers=headers, verify=False, timeout=_PATIENCE_S
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

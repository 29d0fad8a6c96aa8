"""A hub tells accounting what waits as soon as it starts."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from gpucommons_contract.told import EndReason, Told, ToldEnd, read_told
from gpucommons_sessions.accounting_outbox import OUTBOX
from gpucommons_spawner import GPUSpawner
from gpucommons_spawner.hub_state import HubState
from jupyterhub import scopes
from jupyterhub.app import JupyterHub
from sqlalchemy import create_engine, insert
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from tests.waiting import until_async

from .chart_config import CATALOGUE

_END = ToldEnd("pod-0", datetime(2026, 11, 30, 9, 0, tzinfo=UTC), EndReason.PERSON)
_CONFIG = """
from gpucommons_config import configure
c = get_config()
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.db_url = {db_url!r}
c.JupyterHub.services = [{{"name": "gpu", "url": {url!r}, "api_token": "token-of-accounting"}}]
c.Authenticator.allow_all = True
c.Authenticator.enable_auth_state = False
c.GPUSpawner.catalogue_file = {catalogue!r}
configure(c)
configure(c)
"""


@pytest.fixture
async def taken() -> AsyncIterator[tuple[str, list[Told]]]:
    """The address of an accounting, and what it was told."""
    taken: list[Told] = []

    class Facts(RequestHandler):
        def post(self) -> None:
            taken.extend(read_told(each) for each in json.loads(self.request.body)["facts"])
            self.finish({"refused": []})

    listener, port = bind_unused_port()
    server = HTTPServer(Application([("/services/gpu/api/facts", Facts)]))
    server.add_socket(listener)
    yield f"http://127.0.0.1:{port}", taken
    server.stop()
    await server.close_all_connections()


@pytest.fixture
def waits(tmp_path: Path) -> str:
    """The URL of a hub's database in which one fact waits."""
    url = f"sqlite:///{tmp_path / 'hub.sqlite'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        OUTBOX.create(connection)
        connection.execute(insert(OUTBOX), [{"fact": json.dumps(_END.as_json())}])
    engine.dispose()
    return url


@pytest.fixture
async def hub(monkeypatch, tmp_path) -> AsyncIterator[JupyterHub]:
    """The hub of this process, which does not serve anybody yet."""
    monkeypatch.chdir(tmp_path)  # where it keeps its cookie secret
    monkeypatch.setattr(JupyterHub, "init_logging", lambda _hub: None)  # of all tests here
    usual = {name: each for name, each in scopes.scope_definitions.items() if ":gpu" not in name}
    monkeypatch.setattr(scopes, "scope_definitions", usual)
    monkeypatch.setattr(GPUSpawner, "hub_state", HubState())
    JupyterHub.clear_instance()
    hub = JupyterHub.instance()
    yield hub
    tasks = GPUSpawner.hub_state._tasks.values()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)  # each closes what it opened
    hub.db.close()
    hub.db.get_bind().dispose()
    JupyterHub.clear_instance()


async def test_what_waits_is_told_once_a_hub_starts_without_any_account(
    hub, waits, taken, tmp_path
) -> None:
    url, facts = taken
    file = tmp_path / "jupyterhub_config.py"
    file.write_text(_CONFIG.format(db_url=waits, url=url, catalogue=str(CATALOGUE)))
    await hub.initialize(["-f", str(file)])
    await until_async(lambda: facts)
    assert facts == [_END]
    assert not hub.users

"""What an operator knows from jupyterhub-idle-culler: each row of our page about it is so."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from gpucommons_config.installation import installation
from gpucommons_config.services import add_services
from gpucommons_culler.clients.hub import HubClient
from gpucommons_culler.core.errors import HubUnavailableError
from gpucommons_culler.core.records import Event, EventKind, Scope, StoredExemption
from gpucommons_culler.core.session import Session, SessionKey
from gpucommons_culler.database.store import Store
from gpucommons_culler.service.idle_culler import IdleCuller
from gpucommons_upkeep.errors import SetupError
from traitlets.config import Config

from .playing import MINUTE, NOON, RULE, Play

_PAGE = Path(__file__).parents[3] / "docs" / "reference" / "jupyterhub-idle-culler.md"
_TESTED: dict[str, str] = {}
STARTED = datetime(2026, 11, 27, 9, tzinfo=UTC)


def row(begins: str) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Name the row of the page that a test is about, by how it begins."""

    def named(test: Callable[..., object]) -> Callable[..., object]:
        _TESTED[begins] = test.__name__
        return test

    return named


@pytest.fixture
def play(tmp_path) -> Iterator[Play]:
    store = Store(f"sqlite:///{tmp_path / 'idle.sqlite'}")
    store.open()
    yield Play(store)
    store.close()


class PlayedHub:
    """Answers as the hub's API does, and remembers what it was asked."""

    def __init__(self) -> None:
        self.servers: dict[str, dict[str, object]] = {}
        """What the hub says of a server, by its path below users/."""
        self.listed: list[list[dict[str, object]]] = []
        """Pages of the list."""
        self.stopped_with = 204
        self.asked: list[tuple[str, str, bytes]] = []
        self.client: HubClient

    async def answer(self, request: web.Request) -> web.Response:
        path = request.raw_path.partition("/hub/api/")[2]
        self.asked.append((request.method, path, await request.read()))
        if path.startswith("gpucommons/sessions"):
            number = int(request.query["after"])
            following = number + 1 if number + 1 < len(self.listed) else None
            return web.json_response({"sessions": self.listed[number], "next": following})
        if request.method == "DELETE":
            return web.Response(status=self.stopped_with)
        if (known := self.servers.get(path.removeprefix("users/"))) is None:
            said = {"status": 404, "message": "Not Found"}
            return web.json_response(said, status=404)
        return web.json_response(known)

    def deleted(self) -> list[tuple[str, bytes]]:
        return [(path, body) for method, path, body in self.asked if method == "DELETE"]


class Served:
    """A server that answers as a function says, at an address of its own."""

    def __init__(self, answer) -> None:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", answer)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)

    async def __aenter__(self) -> str:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/hub/api"

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()


@pytest.fixture
async def hub() -> AsyncIterator[PlayedHub]:
    hub = PlayedHub()
    async with Served(hub.answer) as url, HubClient(url, None, "token") as hub.client:
        yield hub


def _running(**changes: object) -> dict[str, object]:
    return {"started": STARTED.isoformat(), "ready": True, "pending": None, **changes}


def _session(user: str = "ada", server: str = "") -> Session:
    return Session(SessionKey(user, server, STARTED), "/", "", "", "", "")


def _listed(user: str, **changes: object) -> dict[str, object]:
    said = {"user": user, "server": "", "url": f"/user/{user}/", "started": STARTED.isoformat()}
    more = {"last_activity": None, "options": {}, "address": "", "gpus": "0", "pod": "t/p"}
    return {**said, **more, **changes}


@row("`--timeout`")
async def test_a_time_of_idleness_ends_a_session_after_a_warning(play):
    play.rules.rule = replace(RULE, warn_after=10 * MINUTE, stop_after=20 * MINUTE)
    play.hub.run("ada")
    await play.look(20)
    assert (play.kinds(), play.hub.stopped) == ([EventKind.WARNED], [])
    await play.look()
    assert play.hub.stopped == ["ada"]


@row("`last_activity`")
async def test_the_hub_s_last_activity_decides_nothing(play):
    for name in ("page-that-connects-again", "cell-with-no-page"):
        play.hub.run(name)
    play.hub.cells = {"cell-with-no-page"}
    old = replace(play.hub.running["cell-with-no-page"], last_activity=NOON - timedelta(days=9))
    for _ in range(61):
        play.hub.running["cell-with-no-page"] = old
        fresh = play.hub.running["page-that-connects-again"]
        now = play.clock.time
        play.hub.running["page-that-connects-again"] = replace(fresh, last_activity=now)
        await play.look()
    assert play.hub.stopped == ["page-that-connects-again"]


@row("a server that never had activity")
async def test_a_session_counts_from_its_start_and_one_without_a_start_is_left_alone(hub):
    hub.listed = [[_listed("ada"), _listed("ben", started=None)]]
    (ada,) = (await hub.client.sessions()).sessions
    assert (ada.key, ada.last_activity) == (SessionKey("ada", "", STARTED), None)


@row("`--cull-every`")
def test_the_time_between_two_looks_is_a_setting():
    config = Config({"IdleCuller": {"interval": 45}})
    assert IdleCuller(config, rules=None, environment={}).interval == 45
    assert IdleCuller(Config(), rules=None, environment={}).interval == 20


@row("`--max-age`")
async def test_a_session_that_works_is_never_too_old(play):
    session = play.hub.run("ada")
    key = session.key._replace(started=NOON - timedelta(days=300))
    play.hub.running["ada"] = replace(session, key=key)
    play.hub.cells, play.node.busy = {"ada"}, {"team-vision/ada"}
    await play.look(180)
    assert play.kinds() == []


@row("`--cull-default-servers`, `--cull-named-servers`")
async def test_a_named_server_is_watched_like_a_default_one_and_may_be_exempt(play):
    default = play.hub.run("ada")
    for name in ("night", "day"):
        key = default.key._replace(user=name, server=name)
        play.hub.running[name] = replace(default, key=key, pod=f"team-vision/{name}")
    until = NOON + timedelta(days=1)
    exemption = StoredExemption(Scope.SESSION, "day/day", NOON, until, "root", "A paper is due.")
    event = Event(NOON, EventKind.EXEMPTED, default.key, "", "", "A paper is due.")
    await asyncio.to_thread(play.store.exempt, exemption, event)
    await play.look(61)
    assert sorted(play.hub.stopped) == ["ada", "night"]


@row("`--remove-named-servers`")
async def test_a_named_server_is_stopped_and_not_removed(hub):
    hub.servers["ada/servers/night"] = _running()
    assert await hub.client.stop(_session(server="night"))
    assert hub.deleted() == [("users/ada/servers/night", b"")]


def _scopes_of_the_culler() -> set[str]:
    c = Config()
    add_services(c)
    (role,) = (each for each in c.JupyterHub.load_roles if each["name"] == "idle")
    return set(role["scopes"])


@row("`--cull-users`, `--cull-admin-users`")
def test_the_culler_can_delete_nobody():
    assert not _scopes_of_the_culler() & {"admin:users", "delete:users"}


@row("scopes")
def test_the_culler_s_scopes_are_those_of_the_page():
    mine = {each for each in _scopes_of_the_culler() if not each.startswith("read:services")}
    assert mine == {"read:servers", "delete:servers", "access:servers", "start:servers"}


@row("a server that starts or stops")
@pytest.mark.parametrize("pending", ["spawn", "stop", "check"])
async def test_a_server_that_starts_or_stops_gets_no_order(hub, pending):
    hub.servers["ada/server"] = _running(ready=False, pending=pending)
    assert not await hub.client.stop(_session())
    assert not await hub.client.runs(_session().key)
    assert hub.deleted() == []


@row("a named server's and a person's odd names")
async def test_odd_names_are_quoted(hub):
    hub.servers["o%27neil%2Bx@example.org/servers/a%20b%2Fc"] = _running()
    assert await hub.client.stop(_session("o'neil+x@example.org", "a b/c"))
    assert len(hub.deleted()) == 1


@row("a stop that takes long (202)")
async def test_a_stop_that_takes_long_is_not_yet_done(hub):
    hub.servers["ada/server"] = _running()
    hub.stopped_with = 202
    assert not await hub.client.stop(_session())
    hub.servers.clear()
    assert await hub.client.stop(_session())


@row("one stop that fails")
async def test_a_stop_that_fails_keeps_nobody_else_from_it(play):
    for name in ("ada", "bob", "cyd"):
        play.hub.run(name)
    play.hub.unstoppable = {"ada"}
    await play.look(61)
    assert sorted(play.hub.stopped) == ["bob", "cyd"]
    assert play.mailbox.told.count((EventKind.FAILED, "ada")) == 1


@row("`--concurrency`")
async def test_ten_are_stopped_at_once_and_twenty_at_one_look(play, monkeypatch):
    now, most, stop, ten = 0, 0, play.hub.stop, asyncio.Barrier(10)

    async def counted(session):
        nonlocal now, most
        now += 1
        most = max(most, now)
        async with asyncio.timeout(20):
            await ten.wait()
        now -= 1
        return await stop(session)

    monkeypatch.setattr(play.hub, "stop", counted)
    for number in range(30):
        play.hub.run(f"s{number}")
    await play.look(61)
    assert (len(play.hub.stopped), most) == (20, 10)


@row("`--api-page-size`")
async def test_all_pages_of_the_list_are_read(hub):
    hub.listed = [[_listed("ada")], [_listed("ben"), _listed("cyd")], []]
    found = (await hub.client.sessions()).sessions
    assert [each.key.user for each in found] == ["ada", "ben", "cyd"]
    assert all("limit=500" in path for _, path, _ in hub.asked)


@row("`--cull-arbiter`")
async def test_a_rule_is_looked_up_for_each_session_at_each_look(play, monkeypatch):
    def of(team, size, now):
        return replace(RULE, stop_after=None) if team == "astro" else RULE

    monkeypatch.setattr(play.rules, "of", of)
    play.hub.run("ada", team="astro")
    play.hub.run("ben", team="vision")
    await play.look(61)
    assert play.hub.stopped == ["ben"]


@row("`--url`")
@pytest.mark.parametrize("missing", ["JUPYTERHUB_API_URL", "JUPYTERHUB_API_TOKEN"])
async def test_a_variable_that_is_missing_is_named(tmp_path, missing):
    environment = {"JUPYTERHUB_API_URL": "http://hub/hub/api", "JUPYTERHUB_API_TOKEN": "token"}
    del environment[missing]
    config = Config({"IdleCuller": {"db_url": f"sqlite:///{tmp_path / 'idle.sqlite'}"}})
    with pytest.raises(SetupError, match=missing):
        await IdleCuller(config, rules=None, environment=environment).serve()


@row("`JUPYTERHUB_REQUEST_TIMEOUT`")
async def test_a_hub_that_does_not_answer_in_time_is_given_up(monkeypatch):
    monkeypatch.setattr("gpucommons_culler.clients.hub._SESSION_S", 0.05)

    async def hangs(_request):
        await asyncio.sleep(60)

    async with asyncio.timeout(20), Served(hangs) as url, HubClient(url, None, "t") as client:
        with pytest.raises(HubUnavailableError, match="does not answer"):
            await client.runs(_session().key)


@row("`--ssl-enabled`, `--internal-certs-location`")
def test_sessions_can_be_asked_by_way_of_the_proxy():
    config = Config({"IdleCuller": {"public_url": "https://proxy-public"}})
    environment = {"JUPYTERHUB_API_URL": "http://hub/hub/api", "JUPYTERHUB_API_TOKEN": "token"}
    assert IdleCuller(config, None, environment)._hub()._origin == "https://proxy-public"


@row("`--config`")
def test_settings_stand_in_the_installation_s_file(tmp_path):
    file = tmp_path / "values.yaml"
    file.write_text("IdleCuller: {interval: 30}\n")
    settings = installation({"GPUCOMMONS_VALUES": str(file)})
    assert IdleCuller(settings, rules=None, environment={}).interval == 30


@row("`MappingKernelManager.cull_…` in the image")
async def test_a_session_whose_kernels_were_ended_is_idle(play, monkeypatch):
    play.hub.run("ada")
    said = play.hub.activity

    async def without_kernels(session):
        return replace(await said(session), kernels=())

    monkeypatch.setattr(play.hub, "activity", without_kernels)
    await play.look(61)
    assert play.hub.stopped == ["ada"]


def test_each_row_of_the_page_has_a_test():
    lines = [line for line in _PAGE.read_text().splitlines() if line.startswith("| ")]
    rows = [line.split("|")[1].strip() for line in lines[1:]]
    untested = [row for row in rows if not any(row.startswith(begin) for begin in _TESTED)]
    assert untested == []
    assert len(rows) == len(_TESTED)

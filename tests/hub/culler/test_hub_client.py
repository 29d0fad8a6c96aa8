"""The culler's client, against a real hub, a real proxy and real sessions."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from gpucommons_contract import KernelActivity, Notice, NoticeChoice, NoticeLevel, SessionActivity
from gpucommons_culler.clients.hub import HubClient
from gpucommons_culler.core.errors import (
    HubRefusedError,
    HubUnavailableError,
    NotAllowedError,
    SessionSilentError,
)

from ..processes import free_port
from .culler_hub import ADMIN_TOKEN, IDLE_TOKEN

ACTIVITY = SessionActivity(
    started=60.0,
    kernels=(KernelActivity("k1", "train.ipynb", busy=True, last=5.0),),
    terminals=(),
    editing=None,
)
NOTICE = Notice(
    id="idle/1&2",
    text="It is idle.",
    level=NoticeLevel.WARNING,
    ends_at=2e9,
    choices=(NoticeChoice("keep", "Keep it"),),
)
STRANGE = "o'neil+é@example.org"


@pytest.fixture
def start(hub, client):
    """Start a server, and answer it as the culler sees it."""

    async def start(user="ada", server="", options=None):
        await asyncio.to_thread(hub.start_server, user, server, options)
        (hub.home(user) / "activity.json").write_text(ACTIVITY.to_json())
        for name in ("misbehaviour", "tokens", "hold"):
            (hub.home(user) / name).unlink(missing_ok=True)
        found = (await client.sessions()).sessions
        (session,) = (each for each in found if each.key[:2] == (user, server))
        return session

    return start


async def test_sessions_are_listed_page_by_page(hub, start):
    choice = {"team": "vision", "environment": "scipy", "image": "x/own:1", "size": "share"}
    first = await start(options=choice)
    second = await start("ben", "b")
    async with HubClient(hub.api_url, hub.url, IDLE_TOKEN, page=1) as client:
        found = await client.sessions()
    assert {session.key for session in found.sessions} == {first.key, second.key}
    assert found.waiting == {}
    assert (first.team, first.environment, first.version, first.size) == (
        "vision", "scipy", "x/own:1", "share",
    )  # fmt: skip
    assert first.gpus == Decimal("0.25")
    assert first.options == choice
    assert first.last_activity is not None
    assert second.url == "/lab/user/ben/b/"
    assert abs(second.key.started - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.parametrize(("user", "server"), [("ada", ""), (STRANGE, "b-2")])
async def test_a_session_is_asked_warned_and_stopped(hub, start, client, user, server):
    session = await start(user, server)
    assert await client.activity(session) == ACTIVITY
    await client.show_notice(session, NOTICE)
    (shown,) = await client.notices(session)
    assert shown == Notice(NOTICE.id, NOTICE.text, NOTICE.level, 2e9, NOTICE.choices, "keep")
    await client.withdraw_notice(session, NOTICE.id)
    assert await client.notices(session) == ()
    await _stopped(client, session)
    assert (await client.sessions()).sessions == ()


async def _stopped(client, session):
    async with asyncio.timeout(120):
        while not await client.stop(session):  # noqa: ASYNC110 -- nothing to wait for
            await asyncio.sleep(0.1)


@pytest.fixture
async def direct(hub):
    async with HubClient(hub.api_url, None, IDLE_TOKEN) as client:
        yield client


async def test_sessions_that_are_called_directly_do_not_look_used(hub, start, direct, client):
    session = await start()

    def used():
        return hub.servers("ada")[""]["last_activity"]

    await _settled(used)
    before = used()
    assert await direct.activity(session) == ACTIVITY
    await direct.show_notice(session, NOTICE)
    assert [each.id for each in await direct.notices(session)] == [NOTICE.id]
    await asyncio.sleep(3)  # seconds; the hub asks its proxy each second
    assert used() == before
    await client.activity(session)  # through the proxy they do
    hub.until(lambda: used() > before)


async def _settled(value):
    """Wait until a value has been the same for longer than the hub takes to take one up."""
    same_since, last = time.monotonic(), value()
    while time.monotonic() - same_since < 3:
        await asyncio.sleep(0.2)
        if value() != last:
            same_since, last = time.monotonic(), value()


async def test_a_session_never_sees_the_culler_s_own_token(hub, start, client):
    session = await start()
    await client.activity(session)
    await client.show_notice(session, NOTICE)
    sent = (hub.home("ada") / "tokens").read_text().split()
    assert len(sent) == 2
    assert len(set(sent)) == 1
    assert IDLE_TOKEN not in sent


async def test_tokens_for_many_sessions_are_made_together(hub, start, client):
    sessions = [await start(name) for name in ("ada", "ben", "cleo")]

    def made():
        return hub.text().count("200 POST /lab/hub/api/gpucommons/session-tokens")

    before = made()
    said = await asyncio.gather(*(client.activity(each) for each in sessions * 2))
    assert said == [ACTIVITY] * 6
    hub.until(lambda: made() > before)  # what is answered is logged a moment later
    assert made() - before == 1


@pytest.mark.parametrize("fault", ["redirect", "endless", "hang", "refuse", "nonsense", "die"])
async def test_a_session_that_misbehaves_is_silent_and_the_next_one_is_asked(
    hub, start, client, monkeypatch, fault
):
    monkeypatch.setattr("gpucommons_culler.clients.hub._SESSION_S", 15)
    bad, good = await start("mallory"), await start("ada")
    (hub.home("mallory") / "misbehaviour").write_text(fault)
    with pytest.raises(SessionSilentError, match="mallory"):
        await client.activity(bad)
    assert await client.activity(good) == ACTIVITY


async def test_another_run_of_the_same_server_is_not_stopped(hub, start, client):
    first = await start()
    await _stopped(client, first)
    second = await start()
    assert await client.stop(first) is True
    assert hub.servers("ada")[""]["ready"]
    assert await client.activity(second) == ACTIVITY


async def test_a_stop_that_takes_long_is_asked_for_again_until_it_is_done(hub, start, client):
    session, hold = await start(), hub.home("ada") / "hold"
    hold.touch()
    assert await client.stop(session) is False
    assert await client.stop(session) is False
    hold.unlink()
    await _stopped(client, session)
    assert await client.stop(session) is True


async def test_stopping_what_is_gone_with_its_person_is_done(hub, start, client):
    session = await start("brief")
    await _stopped(client, session)
    hub.api("DELETE", "users/brief")
    assert await client.stop(session) is True


async def test_a_session_is_started_again_with_other_options(hub, start, client):
    session = await start(options={"size": "gpu"})
    await _stopped(client, session)
    await client.start("ada", "", session.options | {"size": "cpu"}, "en")
    hub.until(lambda: hub.servers("ada")[""]["ready"])
    (again,) = (await client.sessions()).sessions
    assert (again.size, again.gpus) == ("cpu", 0)


async def test_what_the_hub_refuses_is_told_in_its_words(hub, start, client):
    await start()
    with pytest.raises(HubRefusedError, match="already running"):
        await client.start("ada", "", {}, "en")


@pytest.mark.parametrize(
    ("scopes", "lacks"),
    [
        ([], "read:servers"),
        (["read:servers"], "access:servers"),
        (["read:servers", "access:servers"], "delete:servers"),
        (["read:servers", "delete:servers!user=ben"], "delete:servers"),
        (["read:servers", "delete:servers"], "start:servers"),
    ],
)
async def test_a_scope_that_is_missing_is_named(hub, start, scopes, lacks):
    session = await start()
    hub.api("POST", "users/boss")
    answer = hub.api("POST", "users/boss/tokens", json={"scopes": scopes} if scopes else {})
    token = answer.json()["token"] if scopes else "unknown"
    async with HubClient(hub.api_url, hub.url, token) as client:
        calls = {
            "read:servers": client.sessions,
            "access:servers": lambda: client.activity(session),
            "delete:servers": lambda: client.stop(session),
            "start:servers": lambda: client.start("ada", "", {}, "en"),
        }
        with pytest.raises(NotAllowedError, match=f"its role lacks {lacks}") as raised:
            await calls[lacks]()
        assert raised.value.scope == lacks


async def test_a_hub_that_is_away_or_is_none_is_told(hub, start):
    session = await start()
    for url in (f"http://127.0.0.1:{free_port()}", f"{hub.url}/user/ada"):
        async with HubClient(url, hub.url, ADMIN_TOKEN) as client:
            for call in (client.sessions, lambda c=client: c.stop(session)):
                with pytest.raises((HubUnavailableError, HubRefusedError)):
                    await call()


async def test_the_culler_may_do_nothing_else(hub):
    for method, path in (("GET", "users"), ("DELETE", "users/ada"), ("POST", "users/x")):
        assert hub.api(method, path, IDLE_TOKEN).status_code == 403


async def test_everybody_may_open_the_culler_s_page(hub):
    hub.api("POST", "users/ada")
    for scope, status in (("access:services!service=idle", 201), ("access:services", 400)):
        answer = hub.api("POST", "users/ada/tokens", json={"scopes": [scope]})
        assert answer.status_code == status, answer.text

"""Notices that stand: which of them a session is told that starts, and until when it is tried."""

import asyncio
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest
from gpucommons_contract import Notice, StandingNotice
from gpucommons_spawner import GPUSpawner
from gpucommons_spawner.session_parts import delivery
from gpucommons_spawner.session_parts.standing_notices import StandingNotices
from sqlalchemy.exc import PendingRollbackError
from tornado.httpclient import HTTPClientError

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NO_ANSWER = HTTPClientError(HTTPStatus.BAD_GATEWAY)
NO_DATABASE = PendingRollbackError("the transaction is over")


def _object(notice_id="platform", text="Maintenance.", *, until=NOW + HOUR, at=NOW, users=()):
    standing = StandingNotice(Notice(notice_id, text), until, "ops", at, users)
    return {"metadata": {"name": f"notice-{notice_id}"}, "data": standing.to_data()}


class Session:
    """A session of Ada's that comes up when the test says so, and what it was told to show."""

    def __init__(self, make_spawner, **settings):
        self.told: list[str] = []
        self.answers: list[Exception] = []
        """What goes wrong with the next calls."""
        self.spawner = make_spawner({}, show_notice=self._show, **settings)

    async def _show(self, _spawner, notice):
        if self.answers:
            raise self.answers.pop(0)
        self.told.append(notice.text)

    def begin(self) -> asyncio.Future:
        """Let the start come so far that only JupyterHub's last look is missing."""
        start = asyncio.get_running_loop().create_future()
        self.spawner._spawn_future = start
        self.spawner.when_up()
        return start

    async def comes_up(self) -> None:
        self.begin().set_result(None)
        await self.settles()

    async def settles(self) -> None:
        """Let all that can happen at once happen."""
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.fixture
def notices(monkeypatch) -> StandingNotices:
    notices = StandingNotices(lambda: NOW)
    monkeypatch.setattr(GPUSpawner.hub_state, "notices", notices)
    return notices


@pytest.fixture
def session(make_spawner, monkeypatch, notices) -> Session:
    monkeypatch.setattr(GPUSpawner, "ready", True)
    return Session(make_spawner)


@pytest.fixture
def next_try(monkeypatch) -> asyncio.Event:
    """When the test sets it, half a minute has gone by."""
    event = asyncio.Event()

    async def wait(_seconds):
        await event.wait()
        event.clear()

    class Clock:
        create_task = staticmethod(asyncio.create_task)
        get_running_loop = staticmethod(asyncio.get_running_loop)
        Semaphore = asyncio.Semaphore
        sleep = staticmethod(wait)

    monkeypatch.setattr(delivery, "asyncio", Clock)
    return event


async def test_a_session_that_comes_up_is_told_what_stands_for_its_person(session, notices):
    notices.replace(
        [
            _object("two", "Second.", at=NOW + HOUR / 2, users=("ben", "ada")),
            _object("one", "First."),
            _object("other", "For Ben.", users=("ben",)),
            _object("over", "Over.", until=NOW),
        ]
    )
    await session.comes_up()
    assert session.told == ["First.", "Second."]


async def test_a_start_that_fails_is_told_nothing(session, notices):
    notices.replace([_object()])
    session.begin().set_exception(OSError())
    session.spawner._spawn_future.exception()
    session.begin().cancel()
    await session.settles()
    assert session.told == []


async def test_a_session_waits_for_the_hub_to_know_the_notices(session, notices):
    await session.comes_up()
    notices.replace([_object()])
    await session.settles()
    assert session.told == ["Maintenance."]


@pytest.mark.parametrize("error", [NO_ANSWER, ConnectionError("no database"), NO_DATABASE])
async def test_a_notice_that_did_not_arrive_is_sent_again_as_it_is_then(
    session, notices, next_try, error
):
    notices.replace([_object(), _object("lunch", "Lunch.", at=NOW - HOUR)])
    session.answers = [error]
    await session.comes_up()
    assert session.told == ["Maintenance."]
    notices.update("MODIFIED", _object("lunch", "Lunch is late."))
    next_try.set()
    await session.settles()
    assert session.told == ["Maintenance.", "Lunch is late."]
    next_try.set()
    await session.settles()
    assert len(session.told) == 2


async def test_a_notice_that_is_taken_back_is_not_sent_again(session, notices, next_try):
    notices.replace([_object()])
    session.answers = [NO_ANSWER]
    await session.comes_up()
    notices.update("DELETED", _object())
    next_try.set()
    await session.settles()
    assert session.told == []


@pytest.mark.parametrize("gone", [True, False], ids=["gone", "about to stop"])
async def test_a_session_that_is_stopped_meanwhile_is_not_told(
    session, notices, next_try, monkeypatch, gone
):
    notices.replace([_object()])
    session.answers = [NO_ANSWER]
    await session.comes_up()
    if gone:
        session.spawner.clear_state()
    else:
        monkeypatch.setattr(GPUSpawner, "ready", False)
    next_try.set()
    await session.settles()
    assert session.told == []


@pytest.mark.parametrize("follows", [True, False])
async def test_a_hub_that_is_not_to_follow_notices_tells_none(session, notices, follows):
    session.spawner.watch_notices = follows
    notices.replace([_object()])
    await session.comes_up()
    assert bool(session.told) is follows


def test_what_somebody_wrote_wrongly_counts_for_nothing_and_is_told(notices, caplog):
    broken = _object("broken")
    broken["data"]["until"] = "soon"
    notices.replace([broken, _object()])
    assert notices.for_user("ada").keys() == {"platform"}
    assert "the notice notice-broken is ignored" in caplog.text


def test_a_notice_with_the_same_object_takes_the_place_of_the_one_before(notices):
    notices.replace([_object()])
    notices.update("MODIFIED", _object(text="Later."))
    assert [each.text for each in notices.for_user("ada").values()] == ["Later."]
    notices.update("DELETED", _object())
    assert notices.for_user("ada") == {}

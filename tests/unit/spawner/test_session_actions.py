"""What administrators do with several sessions at once, and which plan of a stop counts."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from gpucommons_contract import Notice
from gpucommons_spawner.administration.actions import Actions
from gpucommons_spawner.administration.audit import Administrator
from gpucommons_spawner.administration.wishes import Action, Wish
from gpucommons_spawner.session_parts import delivery
from gpucommons_spawner.session_parts.planned_stop import Plan, PlannedStop
from gpucommons_spawner.session_parts.session_log import LoggedSession

from tests.waiting import until_async

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
LATER = SOON + timedelta(hours=1)


class Session:
    """What is asked of a spawner. ``done`` is what all of them did, in its order."""

    def __init__(self, person: str, done: list[str]) -> None:
        self.user, self.name, self._log_name = SimpleNamespace(name=person), "", person
        self.log = logging.getLogger(__name__)
        self.pod_name, self._team = f"jupyter-{person}", None
        self.logged = LoggedSession(self)
        self.record = self.last_end = self
        self.pending, self.ready = "", True
        self.notices: list[Notice] = []
        self._done = done
        self.planned_stop = PlannedStop(self, self.stop)

    async def show_notice(self, _spawner, notice: Notice) -> None:
        self._done.append("shows")
        await asyncio.sleep(0)
        self._done.append("shown")
        self.notices.append(notice)

    async def stop(self, _spawner) -> None:
        raise AssertionError("nothing is to be stopped yet")

    def note_state(self) -> None:
        self._done.append("noted")

    def keep_noted(self) -> bool:
        self._done.append("committed")
        return True


@pytest.fixture
def done() -> list[str]:
    return []


@pytest.fixture
async def sessions(done) -> AsyncIterator[list[Session]]:
    sessions = [Session(person, done) for person in ("ada", "ben", "cem")]
    yield sessions
    for each in sessions:
        each.planned_stop.cleared()
    await asyncio.sleep(0)


@pytest.fixture
def actions() -> Actions:
    async def ask(*_: object) -> None:
        raise AssertionError("no service is to be asked")

    return Actions(Administrator("boss"), None, ask)


def _drain(at: datetime, node: str = "node-1") -> Plan:
    return Plan(at, "boss", "A fan fails.", node)


async def test_a_drain_that_is_postponed_ends_sessions_later(actions, sessions):
    for at in (SOON, LATER, SOON):
        told = await actions.drain(sessions, _drain(at))
        assert [each.subject for each in told] == ["ada/", "ben/", "cem/"]
        assert {each.planned_stop.plan for each in sessions} == {_drain(at)}


async def test_a_drain_that_is_asked_for_again_tells_only_who_came_meanwhile(actions, sessions):
    await actions.drain(sessions[:2], _drain(SOON))
    told = await actions.drain(sessions, _drain(SOON))
    assert [each.subject for each in told] == ["cem/"]


async def test_a_drain_leaves_what_is_stopped_before_it(actions, sessions):
    own = Plan(SOON, "root")
    sessions[0].planned_stop.set(own)
    sessions[1].planned_stop.set(Plan(LATER + timedelta(hours=1), "root"))
    await actions.drain(sessions, _drain(LATER))
    assert [each.planned_stop.plan for each in sessions] == [own, _drain(LATER), _drain(LATER)]


async def test_what_is_being_stopped_does_not_go_on(actions, sessions):
    await actions.drain(sessions, _drain(SOON))
    sessions[0].pending = "stop"
    outcomes = await actions.run(Wish(Action.TAKE_BACK), sessions[:2])
    assert [(each.done, each.message) for each in outcomes] == [
        (False, "It is being stopped already."),
        (True, "It goes on."),
    ]
    await actions.give_back(sessions, "node-1")
    assert [each.planned_stop.plan for each in sessions] == [_drain(SOON), None, None]


async def test_all_sessions_are_written_down_together(actions, sessions, done):
    await actions.run(Wish(Action.STOP, minutes=60), sessions)
    await actions.run(Wish(Action.TAKE_BACK), sessions)
    await actions.drain(sessions, _drain(SOON))
    await actions.give_back(sessions, "node-1")
    kept = [each for each in done if each in ("noted", "committed")]
    assert kept == ["noted", "noted", "noted", "committed"] * 4


async def test_sessions_are_told_a_few_at_a_time(actions, sessions, done, monkeypatch):
    monkeypatch.setattr(delivery, "_AT_ONCE", 1)
    await actions.drain(sessions, _drain(SOON))
    await until_async(lambda: all(each.notices for each in sessions))
    told = [each for each in done if each in ("shows", "shown")]
    assert told == ["shows", "shown"] * 3

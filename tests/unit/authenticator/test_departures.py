"""What stops the sessions of somebody who is about to leave, and what does not."""

import logging
import time
from types import SimpleNamespace

import pytest
from gpucommons_authenticator.access import departures as module
from gpucommons_authenticator.access.departures import Departures, Verdict
from gpucommons_authenticator.identity.auth_model import Because, because_of
from gpucommons_sessions import hub_database
from sqlalchemy.exc import OperationalError

_NOW = time.time()
GO, STAY, UNKNOWN = Verdict.GO, Verdict.STAY, Verdict.UNKNOWN
AWAY = object()
"""In the place of an answer: the database goes away in the middle of the look, for a while."""


class OddError(Exception):
    """Something that nobody thought of."""


@pytest.fixture
def calls(monkeypatch):
    """What sessions were told, in order. Nobody waits."""
    calls = []

    async def show(spawner, notice):
        calls.append(f"told {spawner.name} {notice.id}")

    async def withdraw(spawner, _id):
        calls.append(f"taken back {spawner.name}")

    async def stop(spawner):
        calls.append(f"stopped {spawner.name}")
        if spawner.stops:
            spawner.stops.pop()()
        spawner.active = spawner.ready = False

    monkeypatch.setattr(module, "show_notice", show)
    monkeypatch.setattr(module, "withdraw_notice", withdraw)
    monkeypatch.setattr(module, "stop_session", stop)
    # The moment at which the grace is counted: a busy machine must not use it up before.
    clock = SimpleNamespace(time=lambda: _NOW, monotonic=time.monotonic)
    monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(module, "_LOOKING_S", (0.001, 0.001))
    monkeypatch.setattr(module, "_STOPPING_S", (0.001, 0.001))
    monkeypatch.setattr(hub_database, "_AGAIN_SECONDS", 0.001)
    return calls


def _spawner(name="lab", pending=None):
    state = {"active": True, "ready": not pending, "pending": pending, "stops": []}
    return SimpleNamespace(name=name, _log_name=f"ada:{name}", **state)


class _Database:
    """As a session with the hub's: away for so many questions."""

    away = 0

    def execute(self, _question):
        if self.away:
            self.away -= 1
            raise OperationalError("SELECT 1", {}, OSError("away"))

    def rollback(self):
        pass


class _Ada:
    """Somebody of whom nothing is known, not even a name, while the database is away."""

    def __init__(self, db, spawners):
        self.db, self.spawners = db, spawners

    @property
    def name(self):
        if self.db.away:
            raise OperationalError("SELECT name", {}, OSError("away"))
        return "ada"


async def _leave(answers, because, *spawners, grace=0.01, database=None):
    """Let Ada leave while looks at her give these answers; returns how many are left."""
    answers = list(answers)

    async def judge(*_):
        answer = answers.pop(0)
        if answer is AWAY:
            database.away = 7
            answer = OperationalError("SELECT", {}, OSError("away"))
        if isinstance(answer, Exception):
            raise answer
        return answer

    database = database or _Database()
    ada = _Ada(database, {each.name: each for each in spawners})
    departures = Departures(judge, logging.getLogger("test"))
    departures.begin(ada, _NOW + grace, because)
    await departures._leaving["ada"]
    return len(answers)


async def test_a_session_stops_after_three_noes_in_a_row(calls):
    assert await _leave([GO, GO, GO, STAY], Because.REFUSED, _spawner()) == 1
    assert calls[-1] == "stopped lab"


async def test_one_answer_in_favour_is_enough(calls):
    assert await _leave([GO, GO, STAY], Because.REFUSED, _spawner()) == 0
    assert calls[-1] == "taken back lab"
    assert "stopped lab" not in calls


@pytest.mark.parametrize("because", [Because.REFUSED, Because.UNCLEAR])
async def test_while_nothing_is_known_the_session_goes_on_and_is_told_until_when(calls, because):
    answers = [UNKNOWN, GO, OddError("the database is away"), GO, GO, UNKNOWN, STAY]
    assert await _leave(answers, because, _spawner()) == 0
    assert calls == ["told lab removed"] * 7 + ["taken back lab"]


async def test_what_an_administrator_says_needs_one_look(calls):
    assert await _leave([GO, STAY], Because.TOLD, _spawner()) == 1
    assert calls[-1] == "stopped lab"


@pytest.mark.parametrize(
    ("because", "looks"), [(Because.TOLD, 0), (Because.REFUSED, 0), (Because.UNCLEAR, 3)]
)
async def test_without_a_grace_only_a_doubt_is_looked_into(calls, because, looks):
    assert await _leave([GO] * 3, because, _spawner(), grace=-1) == 3 - looks
    assert calls[-1] == "stopped lab"


async def test_a_start_that_waits_is_called_off_and_a_stop_is_waited_for(calls):
    stopping = _spawner("b", pending="stop")
    starting = _spawner("a", pending="spawn")
    starting.stops.append(lambda: setattr(stopping, "active", False))
    await _leave([GO], Because.TOLD, starting, stopping)
    assert calls == ["stopped a"]


async def test_a_database_that_goes_away_meanwhile_keeps_nobody_here(calls):
    assert await _leave([GO, AWAY, GO, GO, GO], Because.REFUSED, _spawner()) == 0
    assert calls[-1] == "stopped lab"


async def test_a_call_that_fails_is_tried_again_whatever_it_raises(calls):
    def fail():
        raise OddError("the database is away")

    session = _spawner()
    session.stops.append(fail)
    await _leave([GO], Because.TOLD, session)
    assert calls[-2:] == ["stopped lab", "stopped lab"]


@pytest.mark.parametrize(
    ("kept", "because"),
    [({"leaving_because": each.value}, each) for each in Because]
    + [({}, Because.UNCLEAR), ({"leaving_because": "of the moon"}, Because.UNCLEAR)],
)
def test_after_a_restart_it_is_known_why_or_taken_for_a_doubt(kept, because):
    assert because_of(kept) is because

"""What a server's starts and ends come to, as accounting is told."""

import asyncio
import json
from datetime import UTC, datetime
from http import HTTPStatus
from types import SimpleNamespace

import pytest
from gpucommons_contract import IDLE_SERVICE, PEOPLE_SERVICE
from gpucommons_contract.told import EndReason, StartFault, StartOutcome, ToldEnd, ToldStart
from gpucommons_spawner.errors import SpawnRefusedError
from gpucommons_spawner.lifecycle.last_end import Announcement
from gpucommons_spawner.lifecycle.who_stops import asked_by

_PLACED = {"type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-11-30T09:00:00Z"}


def _pod(*conditions: dict) -> dict:
    return {"metadata": {"uid": "u1"}, "status": {"conditions": list(conditions)}}


def _user(name: str, kind: str = "user") -> SimpleNamespace:
    return SimpleNamespace(name=name, kind=kind)


@pytest.fixture
def told(monkeypatch) -> list:
    return []


@pytest.fixture
async def spawner(make_spawner, told, monkeypatch):
    spawner = make_spawner({"size": "gpu", "team": "vision", "environment": "scipy"})
    monkeypatch.setattr(spawner.told._outbox, "put", lambda _db, fact: told.append(fact))
    return spawner


@pytest.fixture
def part(spawner):
    part = spawner.told
    part.starting()
    part.asks_for(spawner.user_options)
    part.takes(spawner.select(spawner.user_options))
    return part


def _refused(kind: str) -> SpawnRefusedError:
    return SpawnRefusedError("No.", kind=kind, status=HTTPStatus.CONFLICT)


async def test_a_start_that_succeeds_is_told_once_with_all_that_was_chosen(part, told):
    part.started(_pod(_PLACED))
    part.ready()
    part.ready()
    (start,) = told
    assert isinstance(start, ToldStart)
    assert (start.outcome, start.uid, start.person) == (StartOutcome.READY, "u1", "ada")
    assert (start.team, start.size, start.environment, start.units) == ("vision", "gpu", "scipy", 1)
    assert start.asked <= start.at <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("kind", "pods", "outcome", "why", "fault"),
    [
        ("quota", (), StartOutcome.REFUSED, "quota", StartFault.NOBODY),
        ("options", (), StartOutcome.REFUSED, "options", StartFault.NOBODY),
        ("unschedulable", [_pod()], StartOutcome.GIVEN_UP, "full", StartFault.CAPACITY),
        ("unschedulable", [_pod(_PLACED)], StartOutcome.FAILED, "error", StartFault.PLATFORM),
        ("kubernetes", (), StartOutcome.FAILED, "kubernetes", StartFault.PLATFORM),
    ],
)
async def test_a_start_that_comes_to_nothing_is_told_with_why(  # noqa: PLR0917
    part, told, kind, pods, outcome, why, fault
):
    for pod in pods:
        part.started(pod)
    part.failed(_refused(kind))
    part.cleared()
    start, *ends = told
    assert (start.outcome, start.why, start.fault) == (outcome, why, fault)
    assert start.sentence == "No."
    assert [each.reason for each in ends] == [EndReason.START_FAILED for _ in pods]


async def test_a_start_that_its_person_stops_while_it_waits_is_given_up_for_want_of_room(
    part, told
):
    part.started(_pod())
    part.failed(asyncio.CancelledError())
    assert not told
    with asked_by(_user("ada")):
        part.cleared()
    start, end = told
    assert (start.outcome, start.why) == (StartOutcome.GIVEN_UP, "person")
    assert (start.fault, end.reason) == (StartFault.CAPACITY, EndReason.PERSON)


async def test_a_start_that_takes_too_long_fails_by_the_platform(part, told):
    part.started(_pod(_PLACED))
    part.failed(asyncio.CancelledError())
    part.cleared()
    start, end = told
    assert (start.outcome, start.why) == (StartOutcome.FAILED, "timeout")
    assert end.reason is EndReason.START_FAILED


@pytest.mark.parametrize(
    ("caller", "reason", "by"),
    [
        (_user("ada"), EndReason.PERSON, ""),
        (_user("root"), EndReason.ADMINISTRATOR, "root"),
        (_user(IDLE_SERVICE, "service"), EndReason.IDLE, ""),
        (_user(PEOPLE_SERVICE, "service"), EndReason.REMOVED, ""),
        (_user("their-own", "service"), EndReason.ADMINISTRATOR, "their-own"),
    ],
)
async def test_who_asks_for_the_end_is_told_before_it(part, told, caller, reason, by):
    part.started(_pod(_PLACED))
    part.ready()
    with asked_by(caller):
        part.stopping()
        assert told[-1] == ToldEnd("u1", told[-1].at, reason, "", by)
        part.stopped()
        part.cleared()
    assert [type(each).__name__ for each in told] == ["ToldStart", "ToldEnd", "ToldGone"]


async def test_what_was_said_beforehand_counts(spawner, part, told):
    part.started(_pod(_PLACED))
    part.ready()
    said = Announcement("It was full.", "", EndReason.ADMINISTRATOR, "root")
    spawner.last_end.announce(said)
    with asked_by(_user(IDLE_SERVICE, "service")):
        part.stopping()
    assert told[-1] == ToldEnd("u1", told[-1].at, EndReason.ADMINISTRATOR, "It was full.", "root")


async def test_an_end_that_nobody_asked_for_is_told_as_its_person_reads_it(spawner, part, told):
    part.started(_pod(_PLACED))
    part.ready()
    spawner.last_end.note("Its node is gone.")
    part.cleared()
    assert told[-1] == ToldEnd("u1", told[-1].at, None, "Its node is gone.")


async def test_a_start_that_the_end_of_a_hub_ended_is_told_by_the_next(spawner, part, told):
    state = part.state()
    part.restore(state)
    part.cleared()
    (start,) = told
    assert (start.outcome, start.why, start.size) == (StartOutcome.FAILED, "interrupted", "gpu")
    part.cleared()
    assert len(told) == 1


async def test_a_start_that_the_end_of_a_hub_met_just_before_people_could_get_in_was_ready(
    spawner, part, told
):
    part.started(_pod(_PLACED))
    part.restore(part.state())
    part.seen_running(_pod(_PLACED))
    assert not told  # JupyterHub has no address of it yet
    spawner.server = SimpleNamespace(ip="10.0.0.1")
    part.seen_running(_pod(_PLACED))
    part.seen_running(_pod(_PLACED))
    with asked_by(_user("ada")):
        part.stopping()
        part.cleared()
    start, end = told
    assert (start.outcome, start.uid, start.size) == (StartOutcome.READY, "u1", "gpu")
    assert (end.reason, end.uid) == (EndReason.PERSON, "u1")


async def test_a_start_that_goes_on_after_the_end_of_a_hub_is_ready_once_people_can_get_in(
    spawner, part, told
):
    part.restore(part.state())
    spawner.server = SimpleNamespace(ip="10.0.0.1")
    spawner._spawn_future = asyncio.get_running_loop().create_future()
    part.seen_running(_pod(_PLACED))
    assert not told
    part.ready()
    (start,) = told
    assert (start.outcome, start.uid) == (StartOutcome.READY, "u1")


async def test_a_session_that_is_adopted_is_no_start_of_its_own(spawner, told):
    part, spawner.adopts = spawner.told, _pod(_PLACED)
    part.cleared()
    part.starting()
    part.goes_on()
    part.started(_pod(_PLACED))
    spawner.adopts = None
    spawner.server = SimpleNamespace(ip="10.0.0.1")
    part.seen_running(_pod(_PLACED))
    with asked_by(_user("ada")):
        part.stopping()
        part.stopped()
        part.cleared()
    assert [type(each).__name__ for each in told] == ["ToldEnd", "ToldGone"]
    assert told[0].reason is EndReason.PERSON


async def test_an_adoption_that_fails_ends_nothing(spawner, part, told):
    part.started(_pod(_PLACED))
    part.restore(part.state())
    spawner.adopts = _pod(_PLACED)
    part.cleared()
    part.starting()
    part.failed(OSError("The hub cannot reach it."))
    part.cleared()
    assert not told


async def test_what_a_later_release_keeps_of_a_start_is_left_out(part, told):
    state = part.state()
    part.restore({**state, "asked": {**state["asked"], "priority": "high"}})
    part.cleared()
    assert [each.why for each in told] == ["interrupted"]


async def test_a_text_of_any_length_is_asked_for_and_told_cut_off(part, told):
    part.starting()
    part.asks_for({"size": "x" * 1_000_000})
    assert len(json.dumps(part.state())) < 10_000
    part.failed(_refused("options"))
    assert len(json.dumps(told[0].as_json())) < 10_000

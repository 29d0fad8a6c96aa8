"""What happens to pods and nodes is recorded once, whoever was away meanwhile."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.capacity.capacity import NodeState, capacity
from gpucommons_accounting.reckoning.periods.calendar import Period, in_hours
from gpucommons_accounting.recording.recorder import Recorder
from gpucommons_accounting.records.event import Event, EventKind, Source
from gpucommons_accounting.records.reason import ReasonCode
from gpucommons_accounting.records.session import Choice, Flag, Session, State
from gpucommons_upkeep.errors import StoreUnavailableError

from .pods import node, pod
from .sessions import at

_BEGIN = at("2026-11-30T09:00:00")
_EVER = Period(at("2026-01-01"), at("2027-01-01"))


class World:
    """A recorder, and a clock that the test sets."""

    def __init__(self, store: Store) -> None:
        self.store, self.now = store, _BEGIN
        self.begin_anew()

    def begin_anew(self) -> None:
        """Start the program again."""
        self.recorder = Recorder(self.store, lambda: self.now)

    async def see(self, *pods, nodes=None) -> None:
        self.recorder.pods.replace(list(pods))
        self.recorder.nodes.replace(list([node()] if nodes is None else nodes))
        await self.recorder.step()

    async def tell(self, kind: str, changed) -> None:
        self.recorder.pods.update(kind, changed)
        await self.recorder.step()

    @property
    def sessions(self) -> list[Session]:
        return self.store.sessions(_EVER)


@pytest.fixture
def world(store) -> World:
    return World(store)


def _running(uid: str = "a", begin: datetime = _BEGIN, **more) -> dict:
    later = begin + timedelta(seconds=20)
    return pod(uid, begin, bound=begin + timedelta(seconds=1), ready=later, **more)


async def test_a_session_is_recorded_from_its_pod(world):
    await world.see(_running())
    (session,) = world.sessions
    assert session.choice == Choice(
        person="ada",
        server="second",
        team="vision",
        environment="pytorch",
        version="2026.11",
        image="pytorch:2026.11",
        size="share",
        mode="mps",
        units=Decimal("0.25"),
    )
    assert (session.node, session.product) == ("n1", "H100")
    assert (session.bound, session.ready) == (
        at("2026-11-30T09:00:01"),
        at("2026-11-30T09:00:20"),
    )
    assert session.runs


async def test_a_session_knows_who_its_names_meant_then(world):
    await world.see(_running(since="2026-11-02T08:00:00.000001Z", team_uid="u1"))
    (session,) = world.sessions
    choice = session.choice
    assert (choice.person, choice.person_since) == ("ada", "2026-11-02T08:00:00.000001Z")
    assert (choice.team, choice.team_uid) == ("vision", "u1")


async def test_its_end_is_when_the_kubelet_says_so(world):
    await world.see(_running())
    world.now = at("2026-11-30T10:00:05")
    asked = at("2026-11-30T10:00:00")
    last_words = _running(deleted=asked, finished=at("2026-11-30T10:00:03"))
    await world.tell("MODIFIED", last_words)
    await world.tell("DELETED", last_words)
    (session,) = world.sessions
    assert (session.stopping, session.gone) == (asked, at("2026-11-30T10:00:03"))
    assert (session.end_source, session.uncertainty) == (Source.KUBELET, timedelta())
    assert session.reason.code is ReasonCode.DELETED


async def test_one_that_is_gone_at_once_ends_when_that_is_seen(world):
    await world.see(_running())
    world.now = at("2026-11-30T10:00:05")
    await world.tell("DELETED", _running())
    (session,) = world.sessions
    assert (session.gone, session.end_source) == (world.now, Source.API_SERVER)


async def test_a_session_that_goes_on_while_nobody_looks_is_one_without_a_gap(world):
    await world.see(_running())
    world.begin_anew()
    world.now = at("2026-11-30T12:00:00")
    await world.see(_running())
    (session,) = world.sessions
    assert session.runs
    assert session.requested == _BEGIN


async def test_one_that_ended_meanwhile_and_is_still_listed_ended_when_it_did(world):
    await world.see(_running())
    world.begin_anew()
    world.now = at("2026-11-30T12:00:00")
    await world.see(_running(finished=at("2026-11-30T10:40:00")))
    (session,) = world.sessions
    assert (session.gone, session.end_source) == (at("2026-11-30T10:40:00"), Source.KUBELET)
    assert session.reason.code is ReasonCode.FAILED


async def test_one_that_is_gone_meanwhile_was_there_until_the_last_beat(world):
    await world.see(_running())
    world.now = at("2026-11-30T09:59:30")
    await world.recorder.step()
    world.begin_anew()
    world.now = at("2026-11-30T12:00:00")
    await world.see()
    (session,) = world.sessions
    assert (session.gone, session.gone_by) == (at("2026-11-30T09:59:30"), world.now)
    assert session.flags == {Flag.END_UNCERTAIN}


async def test_one_that_a_wrong_list_lacked_goes_on(world):
    await world.see(_running())
    await world.see()
    assert not world.sessions[0].runs
    world.now = at("2026-11-30T09:01:00")
    await world.see(_running())
    assert world.sessions[0].runs
    world.now = at("2026-11-30T09:02:00")
    await world.recorder.step()
    await world.see()
    assert world.sessions[0].gone == world.now


async def test_the_same_name_again_is_another_session(world):
    await world.see(_running())
    world.now = at("2026-11-30T09:30:00")
    await world.tell("DELETED", _running(finished=at("2026-11-30T09:30:00")))
    await world.tell("ADDED", _running("b", at("2026-11-30T09:30:20")))
    first, second = world.sessions
    assert (first.gone, second.runs) == (at("2026-11-30T09:30:00"), True)


@pytest.mark.parametrize(
    ("status", "ended", "code"),
    [
        ({}, {"reason": "OOMKilled"}, "out-of-memory"),
        ({"reason": "Evicted"}, {}, "evicted"),
        ({"reason": "DeadlineExceeded"}, {}, "max-duration"),
        (
            {"conditions": [_C := {"type": "DisruptionTarget", "status": "True"}]},
            {},
            "evicted",
        ),
        ({"conditions": [{**_C, "reason": "PreemptionByScheduler"}]}, {}, "preempted"),
        ({"conditions": [{**_C, "reason": "DeletionByTaintManager"}]}, {}, "node-lost"),
    ],
)
async def test_a_pod_says_why_it_ended(world, status, ended, code):
    finished = at("2026-11-30T10:00:00")
    await world.see(pod("a", _BEGIN, finished=finished, status=status, ended=ended))
    assert world.sessions[0].reason.code == code


async def test_on_a_node_that_is_lost_it_was_of_use_until_then(world):
    lost = at("2026-11-30T13:00:00")
    await world.see(_running(begin=at("2026-11-30T12:00:00")))
    world.now = at("2026-11-30T13:05:00")
    gone = _running(begin=at("2026-11-30T12:00:00"), deleted=world.now)
    await world.see(gone, nodes=[node(lost=lost)])
    await world.tell("DELETED", gone)
    (session,) = world.sessions
    assert (session.stopping, session.gone) == (lost, world.now)
    assert session.reason.code is ReasonCode.NODE_LOST


async def test_a_node_that_is_not_heard_of_for_a_while_ends_nothing(world):
    await world.see(_running(), nodes=[node(lost=at("2026-11-30T09:10:00"))])
    await world.see(_running())
    (session,) = world.sessions
    assert session.stopping is None


async def test_nodes_are_known_also_while_they_are_cordoned_down_or_gone(world):
    states = {
        "2026-11-30T10:00:00": [node(cordoned=True)],
        "2026-11-30T11:00:00": [node()],
        "2026-11-30T12:30:00": [node(lost=at("2026-11-30T12:00:00"))],
        "2026-11-30T13:00:00": [],
    }
    await world.see()
    for moment, nodes in states.items():
        world.now = at(moment)
        world.begin_anew()
        await world.see(nodes=nodes)
        await world.see(nodes=nodes)
    facts = world.store.node_facts(at("2026-12-01"))
    assert sorted((fact.at, fact.state) for fact in facts) == [
        (at("2026-11-30T09:00:00"), NodeState.UP),
        (at("2026-11-30T10:00:00"), NodeState.CORDONED),
        (at("2026-11-30T11:00:00"), NodeState.UP),
        (at("2026-11-30T12:00:00"), NodeState.DOWN),
        (at("2026-11-30T13:00:00"), NodeState.ABSENT),
    ]
    there = capacity(facts, _EVER, at("2026-12-01"))["H100"]
    assert (in_hours(there.reported), in_hours(there.cordoned), in_hours(there.down)) == (16, 4, 4)


async def test_what_could_not_be_written_is_written_later(world, monkeypatch):
    add = Store.add
    failing = {"left": 2}

    def fails(self, events, observed_at) -> None:
        if failing["left"]:
            failing["left"] -= 1
            raise StoreUnavailableError("away")
        add(self, events, observed_at)

    monkeypatch.setattr(Store, "add", fails)
    with pytest.raises(StoreUnavailableError):
        await world.see(_running())
    with pytest.raises(StoreUnavailableError):
        await world.tell("DELETED", _running(finished=at("2026-11-30T09:30:00")))
    await world.recorder.step()
    assert world.sessions[0].gone == at("2026-11-30T09:30:00")


async def test_nothing_is_written_before_everything_is_listed(world):
    world.recorder.pods.replace([])
    await world.recorder.step()
    assert world.store.last_beat() is None


async def test_one_that_ran_and_ended_while_nobody_looked_is_charged(world):
    world.now = at("2026-11-30T12:00:00")
    await world.see(_running(finished=at("2026-11-30T10:40:00")))
    (session,) = world.sessions
    assert session.ready == at("2026-11-30T09:00:20")
    charged = [each for each in session.intervals(world.now) if each.state is State.CHARGED]
    assert [each.end for each in charged] == [at("2026-11-30T10:40:00")]


async def test_a_pod_that_failed_without_a_word_of_its_container_has_ended(world):
    changed = {"type": "Ready", "status": "False", "lastTransitionTime": "2026-11-30T10:00:00Z"}
    status = {"phase": "Failed", "reason": "Evicted", "conditions": [changed]}
    await world.see(pod("a", _BEGIN, status=status))
    (session,) = world.sessions
    assert (session.gone, session.reason.code) == (at("2026-11-30T10:00:00"), ReasonCode.EVICTED)


async def test_a_pod_that_makes_no_sense_keeps_no_other_from_being_recorded(world, caplog):
    odd = _running("odd")
    del odd["spec"]["containers"]
    await world.see(odd, _running())
    await world.see(odd, _running())
    assert [each.uid for each in world.sessions] == ["a"]
    assert caplog.text.count("The pod odd of a session is not understood") == 1


async def test_a_pod_that_is_not_listed_any_more_before_it_was_written_is_a_session(world):
    world.recorder.pods.replace([])
    world.recorder.nodes.replace([node()])
    world.recorder.pods.update("ADDED", _running())
    world.recorder.pods.replace([])
    world.now = at("2026-11-30T09:05:00")
    await world.recorder.step()
    (session,) = world.sessions
    assert not session.runs


async def test_after_another_replica_recorded_a_node_its_state_is_written_anew(world):
    await world.see()
    other = World(world.store)
    other.now = at("2026-11-30T10:00:00")
    await other.see(nodes=[node(cordoned=True)])
    world.recorder.leave_to_another()
    world.now = at("2026-11-30T11:00:00")
    await world.see()
    assert world.store.nodes()["n1"].state is NodeState.UP


async def test_a_node_that_was_lost_before_it_was_cordoned_is_down_all_the_same(world):
    await world.see()
    world.now = at("2026-11-30T10:00:00")
    await world.see(nodes=[node(cordoned=True)])
    world.now = at("2026-11-30T10:02:00")
    await world.see(nodes=[node(lost=at("2026-11-30T09:58:00"))])
    down = world.store.nodes()["n1"]
    assert down.state is NodeState.DOWN
    assert down.at > at("2026-11-30T10:00:00")


async def test_the_beat_is_when_it_was_known_which_sessions_there_are(world):
    await world.see(_running())
    world.now = at("2026-11-30T10:06:00")
    await world.recorder.step(at("2026-11-30T10:01:00"))
    assert world.store.last_beat() == at("2026-11-30T10:01:00")


async def test_one_that_a_fast_clock_missed_goes_on_at_once_and_is_noted_once(world):
    await world.see(_running())
    world.now = at("2026-11-30T12:00:00")  # two hours fast
    await world.see()
    world.now = at("2026-11-30T10:01:00")
    for _ in range(3):
        await world.see(_running())
        assert world.sessions[0].runs
    assert world.store.missing(["a"]) == {}


def _told_by_the_hub(ready: datetime, uid: str = "a") -> list[Event]:
    choice = {"person": "ada", "team": "vision", "size": "share", "units": "0.25"}
    return [
        Event(Source.HUB, EventKind.CREATED, uid, ready - timedelta(minutes=1), choice),
        Event(Source.HUB, EventKind.BOUND, uid, ready),
        Event(Source.HUB, EventKind.READY, uid, ready),
    ]


@pytest.mark.parametrize(
    ("ready", "first_without"),
    [
        ("2026-11-30T09:30:00", "2026-11-30T12:00:00"),
        ("2026-11-30T12:30:00", "2026-11-30T13:00:00"),
    ],
)
async def test_one_of_which_the_hub_alone_told_late_is_charged_for_no_time_that_nobody_saw(
    world, ready, first_without
):
    await world.see()
    world.now = at("2026-11-30T12:00:00")
    await world.see()
    world.now = at("2026-11-30T13:00:00")
    world.store.add(_told_by_the_hub(at(ready)), world.now)
    await world.recorder.step()
    (session,) = world.sessions
    assert session.gone == session.ready == at(ready)
    assert session.gone_by == at(first_without)
    assert session.flags == {Flag.END_UNCERTAIN}
    assert State.CHARGED not in [each.state for each in session.intervals(world.now)]


async def test_one_that_was_seen_too_was_there_until_the_last_beat_whatever_the_hub_told(world):
    await world.see(_running())
    world.store.add(_told_by_the_hub(at("2026-11-30T09:00:20")), world.now)
    world.now = at("2026-11-30T09:59:30")
    await world.recorder.step()
    world.begin_anew()
    world.now = at("2026-11-30T12:00:00")
    await world.see()
    (session,) = world.sessions
    assert (session.gone, session.gone_by) == (at("2026-11-30T09:59:30"), world.now)


async def test_of_one_of_which_the_hub_only_said_why_it_ended_nothing_is_charged(world):
    await world.see()
    why = Event(Source.HUB, EventKind.REASON, "a", at("2026-11-30T08:00"), {"code": "person"})
    world.store.add([why], world.now)
    world.now = at("2026-11-30T12:00:00")
    await world.recorder.step()
    (session,) = world.sessions
    assert (session.gone, session.reason.code) == (at("2026-11-30T08:00"), ReasonCode.PERSON)

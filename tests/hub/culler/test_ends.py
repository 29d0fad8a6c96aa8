"""No end rests on what was true a while ago: not on an old answer, not on a list that is cut."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from gpucommons_contract import GPUActivity
from gpucommons_culler.core.errors import HubUnavailableError
from gpucommons_culler.core.records import EventKind
from gpucommons_culler.core.signals import SignalName
from gpucommons_culler.database.store import Store

from .playing import RULE, Play

WARNED, STOPPING, STOPPED = EventKind.WARNED, EventKind.STOPPING, EventKind.STOPPED
CANCELLED, FAILED, KEPT = EventKind.CANCELLED, EventKind.FAILED, EventKind.KEPT


@pytest.fixture
def play(tmp_path) -> Iterator[Play]:
    store = Store(f"sqlite:///{tmp_path / 'idle.sqlite'}")
    store.open()
    yield Play(store)
    store.close()


async def _due(play: Play, *names: str) -> None:
    """Let sessions be idle until a minute before they are to be stopped."""
    for name in names:
        play.hub.run(name)
    await play.look(60)
    assert play.hub.stopped == []


# An answer of this very moment


async def test_who_does_not_answer_when_its_time_is_up_is_not_stopped(play):
    await _due(play, "ada")
    play.hub.silent, play.hub.cells = {"ada"}, {"ada"}
    await play.look()
    assert play.hub.stopped == []
    assert "kernels" in play.case("ada").decision.reason
    play.hub.silent = set()
    await play.look()
    assert play.hub.stopped == []
    assert play.kinds() == [WARNED, CANCELLED]


async def test_who_is_silent_for_a_moment_only_is_stopped_a_moment_later(play):
    await _due(play, "ada")
    play.hub.silent = {"ada"}
    await play.look()
    play.hub.silent = set()
    await play.look()
    assert play.hub.stopped == ["ada"]


async def test_a_node_that_does_not_answer_when_its_time_is_up_lets_nobody_be_stopped(play):
    await _due(play, "ada")
    play.node.blind = True
    await play.look()
    assert play.hub.stopped == []
    play.node.blind = False
    await play.look()
    assert play.hub.stopped == ["ada"]


async def test_a_node_that_counted_two_minutes_ago_lets_nobody_be_stopped(play):
    play.hub.run("ada")
    await play.look(59)
    play.node.counted_at = play.clock.time
    await play.look(2)
    assert (play.kinds(), play.hub.stopped) == ([WARNED], [])
    assert "processor not measured just now" in play.case("ada").decision.reason


async def test_a_node_that_answers_and_does_not_count_is_not_known_and_told(play):
    play.hub.run("ada")
    await play.look(50)
    play.node.counted_at = play.clock.time
    await play.look(60)
    assert play.verdict("ada") == "unknown"
    assert "stopped counting" in play.collector.failing["the node"]
    assert play.kinds() == [WARNED, CANCELLED]


async def test_an_answer_that_cannot_be_heard_spares_the_session(play, monkeypatch):
    """Somebody may have pressed Keep there."""
    await _due(play, "ada")

    async def unheard(_session):
        raise HubUnavailableError("half an answer")

    with monkeypatch.context() as patch:
        patch.setattr(play.hub, "notices", unheard)
        await play.look()
        assert play.hub.stopped == []
    await play.look()
    assert play.hub.stopped == ["ada"]


# While others are being stopped


@pytest.fixture
async def meanwhile(play, monkeypatch):
    """Twenty sessions are due; what a test sets happens once the first of them is stopped."""
    names = [f"s{number:02}" for number in range(20)]
    await _due(play, *names)
    happens = []
    stop = play.hub.stop

    async def stopping(session):
        for each in happens:
            await each(names[-1])
        happens.clear()
        return await stop(session)

    monkeypatch.setattr(play.hub, "stop", stopping)
    return happens


async def test_work_that_begins_while_others_are_stopped_saves_the_session(play, meanwhile):
    async def works(name):
        play.hub.cells = {name}

    meanwhile.append(works)
    await play.look()
    assert (len(play.hub.stopped), play.hub.running.keys()) == (19, {"s19"})


async def test_keep_on_the_page_while_others_are_stopped_saves_the_session(play, meanwhile):
    async def keeps(name):
        await play.engine.keep(play.case(name).session.key, name, timedelta(hours=1))

    meanwhile.append(keeps)
    await play.look()
    assert (len(play.hub.stopped), play.verdict("s19")) == (19, "kept")


async def test_keep_on_the_notice_while_others_are_stopped_saves_the_session(play, meanwhile):
    async def keeps(name):
        play.hub.answer(name, "keep-3600")

    meanwhile.append(keeps)
    await play.look()
    assert (len(play.hub.stopped), play.verdict("s19")) == (19, "kept")


async def test_a_keep_that_cannot_be_stored_spares_the_session(play, monkeypatch):
    await _due(play, "ada")
    play.hub.answer("ada", "keep-3600")

    def lost(*_):
        raise HubUnavailableError("in place of a database that is away")

    with monkeypatch.context() as patch:
        patch.setattr(play.store, "keep", lost)
        await play.look()
        assert play.hub.stopped == []
    await play.look()
    assert play.verdict("ada") == "kept"


async def test_who_looks_right_after_keep_reads_that_it_is_kept(play):
    await _due(play, "ada")
    until = await play.engine.keep(play.case("ada").session.key, "ada", timedelta(hours=1))
    case = play.case("ada")
    assert (case.decision.verdict, case.facts.lease.until) == ("kept", until)
    assert case.keep_left == RULE.keep_at_most - timedelta(hours=1)


# A stop that fails


async def test_a_stop_that_goes_on_failing_is_told_once_and_tried_seldom(play):
    await _due(play, "ada")
    play.hub.stuck = True
    await play.look(120)
    assert play.kinds() == [WARNED, STOPPING, FAILED]
    assert play.mailbox.told.count((FAILED, "ada")) == 1
    play.hub.stuck = False
    await play.look(11)
    assert play.hub.stopped == ["ada"]
    assert play.kinds() == [WARNED, STOPPING, FAILED, STOPPED]


async def test_a_person_s_own_end_that_fails_is_told_once(play):
    await _due(play, "ada")
    play.hub.stuck = True
    play.hub.answer("ada", "stop")
    await play.look(20)
    assert play.mailbox.told.count((FAILED, "ada")) <= 2  # theirs, and the culler's


async def test_many_that_cannot_be_stopped_keep_nobody_else_from_it(play):
    stuck = [f"a{number:02}" for number in range(20)]
    play.hub.unstoppable = set(stuck)
    await _due(play, *stuck, *(f"b{number}" for number in range(5)))
    await play.look(2)
    assert len(play.hub.stopped) == 5


# A list that is empty or cut


async def test_a_list_that_leaves_out_who_runs_is_no_list(play):
    await _due(play, "ada", "bob")
    play.hub.left_out = {"ada", "bob"}
    with pytest.raises(HubUnavailableError, match="leaves out 2 that run"):
        await play.look()
    assert play.kinds() == [WARNED, WARNED]
    assert len(play.store.countdowns()) == 2
    play.hub.left_out = set()
    await play.look()
    assert sorted(play.hub.stopped) == ["ada", "bob"], "nothing of them was forgotten"


async def test_who_is_left_out_and_not_known_to_have_ended_is_remembered(play, monkeypatch):
    await _due(play, "ada")
    play.hub.left_out = {"ada"}

    async def unknown(_key):
        raise HubUnavailableError("The hub answered 500.")

    with monkeypatch.context() as patch:
        patch.setattr(play.hub, "runs", unknown)
        await play.look()
    assert play.kinds() == [WARNED]
    play.hub.left_out = set()
    await play.look()
    assert play.hub.stopped == ["ada"]


# A source that knows nobody's GPU


def _with_gpu(play: Play, name: str) -> None:
    play.hub.running[name] = replace(play.hub.run(name), gpus=Decimal(1))
    play.hub.gpus[name] = GPUActivity(watched=10800, last=0, utilization=90, memory=2**30)


async def test_a_source_that_knows_no_session_s_gpu_is_told_and_the_session_s_word_counts(play):
    play.node.provides = frozenset({SignalName.PROCESSOR, SignalName.GPU})
    play.restart()
    _with_gpu(play, "ada")
    await play.look(40)
    (gpu,) = (each for each in play.case("ada").facts.signals if each.name is SignalName.GPU)
    assert (gpu.source, gpu.trusted) == ("the session", True)
    assert play.case("ada").facts.gpu_memory == 2**30
    assert "knows the GPUs of no session, though 1 have some" in play.collector.failing["the node"]
    assert "the node: it answers" in play.case("ada").facts.troubles[0]
    (told,) = play.told_administrators
    assert "the node does not measure all: it answers" in told.reason
    assert play.engine.troubles == [told.reason]
    figures = play.metrics.exposition().decode()
    assert 'gpucommons_idle_gpu_sessions_unmatched{source="the node"} 1.0' in figures
    await play.look(13 * 60, every=3)
    assert play.kinds() == [], "work on its GPU counts for longer than the session's bare word"


async def test_a_session_that_has_just_started_is_no_sign_that_a_source_knows_nobody(play):
    play.node.provides = frozenset({SignalName.PROCESSOR, SignalName.GPU})
    play.restart()
    session = play.hub.run("ada")
    key = session.key._replace(started=play.clock.time)
    play.hub.running["ada"] = replace(session, key=key, gpus=Decimal(1))
    await play.look(4)
    assert play.collector.failing == {}


async def test_a_source_with_a_defect_hides_nothing_that_others_know(play, monkeypatch):
    await _due(play, "ada")

    async def broken(_sessions):
        raise AttributeError("an answer like no other")

    monkeypatch.setattr(play.node, "read", broken)
    await play.look(10)
    assert play.kinds() == [WARNED, CANCELLED]
    assert play.collector.failing == {"the node": "its answer cannot be read: AttributeError"}


# What is counted of ends


def _stops(play: Play) -> dict[str, float]:
    lines = play.metrics.exposition().decode().splitlines()
    told = (line.rsplit(" ", 1) for line in lines if line.startswith("gpucommons_idle_stops"))
    return {name.removeprefix("gpucommons_idle_"): float(value) for name, value in told}


async def test_a_stop_is_wrong_only_once_the_same_is_started_anew(play):
    await _due(play, "ada")
    await play.look()
    assert play.hub.stopped == ["ada"]
    assert _stops(play)['stops_total{notice="as-promised"}'] == 1
    assert _stops(play)["stops_started_anew_total"] == 0
    await play.look(5)
    session = play.hub.run("ada")
    key = session.key._replace(started=play.clock.time)
    play.hub.running["ada"] = replace(session, key=key)
    await play.look()
    assert _stops(play)["stops_started_anew_total"] == 1


async def test_a_replica_that_only_watches_tells_nothing_of_stops(play):
    await _due(play, "ada")
    await play.look()
    await play.look(leads=False)
    assert _stops(play) == {}
    await play.look()
    assert _stops(play)['stops_total{notice="as-promised"}'] == 0


# Without our server extension


async def test_a_session_without_our_extension_is_ended_half_a_day_after_it_was_seen_to_work(play):
    play.hub.run("ada")
    play.hub.without_extension = {"ada"}
    await play.look(12 * 60, every=3)
    assert (play.verdict("ada"), play.kinds()) == ("unknown", [])
    assert "runs without GPU Commons' extension" in play.case("ada").decision.reason
    (told,) = play.told_administrators
    assert told.reason.startswith("ada has run without GPU Commons' server extension for 1 hour")
    assert "gpucommons_idle_sessions_without_extension 1.0" in play.metrics.exposition().decode()
    await play.look(33, every=3)
    assert play.kinds() == [WARNED]
    assert play.mailbox.told == [(WARNED, "ada")]
    await play.look(40)
    assert play.hub.stopped == ["ada"]


async def test_a_session_without_our_extension_that_works_is_left_alone(play):
    play.hub.run("ada")
    play.hub.without_extension = {"ada"}
    for _ in range(20):
        play.node.busy = {"team-vision/ada"}
        await play.look()
        play.node.busy = set()
        await play.look(60, every=3)
    assert play.kinds() == []


async def test_silence_is_no_sign_that_the_extension_is_missing(play):
    play.hub.run("ada")
    play.hub.silent = {"ada"}
    await play.look(26 * 60, every=3)
    assert play.kinds() == []
    assert play.case("ada").facts.without_extension is None


async def test_an_extension_that_is_switched_on_again_counts_at_once(play):
    play.hub.run("ada")
    play.hub.without_extension = {"ada"}
    await play.look(6 * 60, every=3)
    play.hub.without_extension, play.hub.cells = set(), {"ada"}
    await play.look(6)
    assert play.verdict("ada") == "active"
    play.hub.cells = set()
    await play.look(62)
    assert play.hub.stopped == ["ada"]


async def test_a_source_that_never_ends_its_answer_is_not_waited_for(play, monkeypatch):
    await _due(play, "ada")
    monkeypatch.setattr("gpucommons_culler.telemetry.source_reader._LONGEST_S", 0.05)

    async def hangs(_sessions):
        await asyncio.Event().wait()

    monkeypatch.setattr(play.node, "read", hangs)
    await play.look()
    assert play.hub.stopped == []
    assert "it has not answered within" in play.collector.failing["the node"]


async def test_sessions_that_hang_do_not_hold_up_a_look_for_longer_than_all_may_take(
    play, monkeypatch
):
    await _due(play, *(f"s{number}" for number in range(50)))

    async def hangs(_session):
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr("gpucommons_culler.telemetry.collector._LONGEST_S", 0.05)
        patch.setattr("gpucommons_culler.actions.notice_answers._LONGEST_S", 0.05)
        patch.setattr(play.hub, "activity", hangs)
        patch.setattr(play.hub, "notices", hangs)
        async with asyncio.timeout(20):
            await play.look()
    assert play.hub.stopped == []
    key = play.case("s7").session.key
    await play.engine.keep(key, "s7", timedelta(hours=1))
    await play.look()
    assert play.verdict("s7") == "kept"
    assert len(play.hub.stopped) == 20

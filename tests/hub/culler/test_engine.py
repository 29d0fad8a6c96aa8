"""The culler at work, tick by tick: its own parts, a database; hub and node are played."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from gpucommons_contract import GPUActivity
from gpucommons_contract.formats.wording import LOST_BY_A_STOP
from gpucommons_contract.told import EndReason
from gpucommons_culler.core.errors import HubUnavailableError, KeepRefusedError
from gpucommons_culler.core.records import EventKind
from gpucommons_culler.core.rule import EndAction
from gpucommons_culler.core.signals import SignalName
from gpucommons_culler.database.store import Store
from gpucommons_upkeep.errors import StoreUnavailableError

from .playing import MINUTE, NOON, RULE, Play

WARNED, STOPPING, STOPPED = EventKind.WARNED, EventKind.STOPPING, EventKind.STOPPED
CANCELLED, FAILED, KEPT = EventKind.CANCELLED, EventKind.FAILED, EventKind.KEPT
GONE = EventKind.GONE


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "idle.sqlite"


@pytest.fixture
def store(file) -> Iterator[Store]:
    store = Store(f"sqlite:///{file}")
    store.open()
    yield store
    store.close()


@pytest.fixture
def play(store):
    return Play(store)


async def _warned(play: Play, name: str = "ada") -> None:
    """Let a session be idle until it is warned: it is watched from the first look on."""
    play.hub.run(name)
    await play.look(31)
    assert "idle" in play.hub.shown[name]


async def test_an_idle_session_is_warned_and_then_stopped_and_both_are_written_down(play):
    await _warned(play)
    notice = play.hub.shown["ada"]["idle"]
    assert notice.ends_at == (NOON + 61 * MINUTE).timestamp()
    assert notice.text.endswith(LOST_BY_A_STOP)
    await play.look(29)
    assert play.hub.stopped == []
    await play.look()
    assert play.hub.stopped == ["ada"]
    assert play.kinds() == [WARNED, STOPPING, STOPPED]
    assert [kind for kind, _ in play.mailbox.told] == [WARNED, STOPPED]


async def test_use_from_outside_cancels_the_countdown_at_the_next_look(play):
    await _warned(play)
    play.node.busy = {"team-vision/ada"}
    await play.look()
    (notice,) = play.hub.shown["ada"].values()
    assert (notice.id, notice.choices) == ("idle", ()), "it stands in the place of the warning"
    assert notice.text.startswith("This session keeps running.")
    assert play.kinds() == [WARNED, CANCELLED]
    assert play.verdict("ada") == "active"


async def test_a_cell_that_begins_cancels_the_countdown_at_the_next_look(play):
    await _warned(play)
    play.hub.cells = {"ada"}
    await play.look()
    assert play.kinds() == [WARNED, CANCELLED]


async def test_a_session_in_use_is_not_asked_and_an_idle_one_is(play):
    play.hub.run("ada")
    play.node.busy = {"team-vision/ada"}
    await play.look(40)
    assert play.hub.asked == 0
    play.node.busy = set()
    await play.look(29)
    assert play.hub.asked == 0
    await play.look(2)
    assert play.hub.asked > 0


async def test_a_silent_cell_keeps_a_session_that_the_node_sees_idle(play):
    play.hub.run("ada")
    play.hub.cells = {"ada"}
    await play.look(60 * 2)
    assert play.kinds() == []
    assert play.verdict("ada") == "active"


async def test_nobody_is_warned_for_what_was_true_a_minute_ago(play):
    """The cell began after the session had last said that none runs."""
    play.rules.rule = replace(RULE, warn_after=2 * MINUTE)
    play.hub.run("ada")
    play.hub.cells = {"ada"}
    await play.look(30)
    assert play.kinds() == []


async def test_a_cell_that_uses_nothing_keeps_a_session_for_half_a_day(play):
    play.hub.run("ada")
    play.hub.cells = {"ada"}
    await play.look(60 * 12 + 33, every=3)
    assert play.kinds() == [WARNED]


async def test_who_does_not_answer_is_not_ended_and_not_asked_at_each_look(play):
    play.hub.run("ada")
    play.hub.silent = {"ada"}
    await play.look(60 * 5)
    assert play.kinds() == []
    assert play.verdict("ada") == "unknown"
    assert "does not answer" in play.case("ada").silence


async def test_who_could_not_tell_all_yet_is_asked_again_soon(play):
    session = play.hub.run("ada")
    play.hub.running["ada"] = replace(session, gpus=Decimal(1))
    await play.look(31)
    assert (play.verdict("ada"), play.hub.asked) == ("unknown", 1)
    play.hub.gpus["ada"] = GPUActivity(watched=10800, last=None, utilization=0, memory=0)
    await play.look(2)
    assert play.kinds() == [WARNED]


async def test_who_never_tells_all_is_not_asked_at_each_look(play):
    session = play.hub.run("ada")
    play.hub.running["ada"] = replace(session, gpus=Decimal(1))
    await play.look(91)
    assert play.verdict("ada") == "unknown"
    assert play.hub.asked < 30


async def test_where_the_exporter_is_gone_a_session_is_asked_of_its_gpus(play):
    play.node.provides = frozenset({SignalName.PROCESSOR, SignalName.GPU})  # and tells of no GPU
    play.restart()
    session = play.hub.run("ada")
    play.hub.running["ada"] = replace(session, gpus=Decimal(1))
    await play.look(31)
    assert play.verdict("ada") == "unknown"
    works = GPUActivity(watched=10800, last=0, utilization=90, memory=2**30)
    play.hub.gpus["ada"] = works
    await play.look(4)
    assert play.verdict("ada") == "active"
    play.hub.gpus["ada"] = replace(works, last=3600, utilization=0)
    await play.look(31)
    assert play.kinds() == [WARNED]


async def test_a_blind_node_ends_nothing_and_takes_a_warning_back(play):
    await _warned(play)
    play.node.blind = True
    await play.look(60)
    assert play.kinds() == [WARNED, CANCELLED]
    assert play.hub.stopped == []
    assert play.collector.failing == {"the node": "the node does not tell"}


async def test_keeping_it_is_one_press_bounded_and_written_down(play):
    await _warned(play)
    offered = [choice.id for choice in play.hub.shown["ada"]["idle"].choices]
    assert offered == ["keep-3600", "keep-7200", "stop"]
    play.hub.answer("ada", "keep-3600")
    await play.look()
    assert play.kinds() == [WARNED, KEPT, CANCELLED]
    assert play.verdict("ada") == "kept"
    await play.look(60)
    assert play.kinds()[-1] is WARNED, "the lease is over, and it is warned first"
    with pytest.raises(KeepRefusedError, match="at most 1 hour more"):
        await play.engine.keep(play.case("ada").session.key, "ada", 2 * timedelta(hours=1))
    await play.engine.keep(play.case("ada").session.key, "ada", timedelta(hours=1))
    await play.look(62)
    offered = [choice.id for choice in play.hub.shown["ada"]["idle"].choices]
    assert offered == ["stop"], "all of it was used"
    await play.look(31)
    assert play.hub.stopped == ["ada"]


async def test_who_keeps_it_while_it_is_kept_uses_up_the_same_time(play):
    await _warned(play)
    key = play.case("ada").session.key
    await play.engine.keep(key, "ada", timedelta(hours=1))
    await play.look()
    assert play.verdict("ada") == "kept"
    with pytest.raises(KeepRefusedError, match="at most 1 hour more"):
        await play.engine.keep(key, "ada", timedelta(hours=2))
    play.node.busy = {"team-vision/ada"}
    await play.look()
    # It was used: all of its time is there again.
    await play.engine.keep(key, "ada", timedelta(hours=2))


async def test_a_person_may_end_it_at_once(play):
    await _warned(play)
    play.hub.answer("ada", "stop")
    await play.look()
    assert play.hub.stopped == ["ada"]
    last = play.store.events()[0].event
    assert (last.kind, last.by) == (STOPPED, "ada")
    assert play.hub.told_why == {}
    assert play.hub.told_whom == {"ada": (EndReason.PERSON, "ada")}


async def test_the_hub_is_told_why_a_session_ends_for_the_pages_where_its_person_lands(play):
    await _warned(play)
    await play.look(30)
    assert play.hub.told_why == {
        "ada": "Your session was stopped at 2026-11-23 13:01 UTC: it was unused for 1 hour. "
        "Files saved in your home folder are kept; what was only in memory is lost."
    }
    assert play.hub.told_whom == {"ada": (EndReason.IDLE, "")}


async def test_release_goes_on_in_the_other_size_with_what_was_picked(play):
    play.rules.rule = replace(RULE, action=EndAction.RELEASE, release_to="cpu")
    await _warned(play)
    assert "restart without GPU" in play.hub.shown["ada"]["idle"].text
    await play.look(30)
    ((user, options),) = play.hub.begun
    assert (user, options["size"], options["environment"]) == ("ada", "cpu", "scipy")
    assert play.kinds() == [WARNED, STOPPING, EventKind.RELEASED]


async def test_under_pressure_it_is_warned_once_somebody_waits_and_spared_if_they_leave(play):
    play.rules.rule = replace(RULE, under_pressure=True)
    play.hub.run("ada")
    await play.look(90)
    assert play.kinds() == []
    play.hub.waiting = {"gpu": 1}
    await play.look()
    assert play.kinds() == [WARNED]
    play.hub.waiting = {}
    await play.look(60)
    assert play.kinds() == [WARNED, CANCELLED]
    assert play.hub.stopped == []


async def test_a_restart_goes_on_with_a_countdown(play):
    await _warned(play)
    await play.look(10)
    play.restart()
    await play.look(20)
    assert play.hub.stopped == ["ada"]
    assert play.kinds() == [WARNED, STOPPING, STOPPED]


async def test_after_a_long_absence_a_countdown_is_taken_back(play):
    await _warned(play)
    play.clock.time += 40 * MINUTE
    play.restart()
    await play.look(5)
    assert play.hub.stopped == []
    assert play.kinds() == [WARNED, CANCELLED]


async def test_a_hub_that_is_away_ends_nothing_and_no_storm_follows(play):
    for name in ("ada", "bob", "cyd"):
        play.hub.run(name)
    await play.look(31)
    play.hub.away = True
    for _ in range(5):
        with pytest.raises(HubUnavailableError):
            await play.look()
    play.hub.away = False
    await play.look(27)
    assert play.hub.stopped == []
    assert play.kinds().count(WARNED) == 3
    assert play.kinds().count(CANCELLED) == 3


async def test_many_that_are_due_together_end_tick_by_tick(play):
    for number in range(50):
        play.hub.run(f"ada{number}")
    await play.look(61)
    ended = []
    for _ in range(3):
        ended.append(len(play.hub.stopped))
        await play.look()
    assert [*ended, len(play.hub.stopped)] == [20, 40, 50, 50]


async def test_a_stop_that_fails_is_tried_again_and_reported(play):
    await _warned(play)
    await play.look(29)
    play.hub.stuck = True
    await play.look(2)
    assert play.kinds() == [WARNED, STOPPING, FAILED]
    play.hub.stuck = False
    await play.look()
    assert play.hub.stopped == ["ada"]


@pytest.mark.parametrize("step", [timedelta(hours=5), timedelta(hours=-5)])
async def test_a_step_of_the_clock_ends_nothing(play, step):
    await _warned(play)
    play.clock.time += step
    play.clock.step = step
    await play.look(5)
    assert play.hub.stopped == []
    assert play.kinds() == [WARNED, CANCELLED]


async def test_only_who_leads_acts(play):
    play.hub.run("ada")
    await play.look(90, leads=False)
    assert play.kinds() == []
    assert play.hub.asked == 0


async def test_two_that_both_believe_to_lead_warn_and_stop_once(play, store):
    twin = Play(store)
    twin.clock, twin.hub = play.clock, play.hub
    twin.restart()
    play.hub.run("ada")
    for _ in range(62):
        play.clock.time += MINUTE
        await asyncio.gather(play.engine.tick(), twin.engine.tick())
    assert play.kinds().count(WARNED) == 1
    assert play.hub.stopped == ["ada"]


async def test_a_warned_session_that_ends_by_itself_is_written_down(play):
    await _warned(play)
    play.hub.running.clear()
    await play.look()
    assert play.kinds() == [WARNED, GONE]


async def test_what_a_locked_database_cannot_keep_is_not_done_until_it_can(file):
    store = Store(f"sqlite:///{file}", patience_seconds=0.1)
    store.open()
    play = Play(store)
    await _warned(play)
    await play.look(29)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailableError):
            await play.look()
        assert play.hub.stopped == []
        assert play.kinds() == [WARNED]
        other.execute("ROLLBACK")
    await play.look()
    assert play.hub.stopped == ["ada"]
    assert play.kinds() == [WARNED, STOPPING, STOPPED]
    store.close()


async def test_a_session_that_cannot_be_told_is_not_warned(play, monkeypatch):
    session = play.hub.run("ada")

    async def lost(*_):
        raise HubUnavailableError("no way through")

    monkeypatch.setattr(play.hub, "show_notice", lost)
    await play.look(33)
    assert play.kinds()[:2] == [WARNED, FAILED]
    assert session.key not in {each.session for each in play.store.countdowns()}
    await play.look(120)
    assert play.hub.stopped == []
    assert len(play.kinds()) < 60, "it is not tried at every look"


async def test_a_dry_run_writes_down_what_it_would_do_once_and_does_nothing(store):
    play = Play(store, dry=True)
    play.hub.run("ada")
    await play.look(200)
    assert play.kinds() == [EventKind.WOULD_WARN, EventKind.WOULD_STOP]
    assert play.hub.shown == {}
    assert play.hub.stopped == []
    play.node.busy = {"team-vision/ada"}
    await play.look()
    play.node.busy = set()
    await play.look(32)
    assert play.kinds()[-1] is EventKind.WOULD_WARN, "it was used: it could be idle anew"

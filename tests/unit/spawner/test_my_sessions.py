"""What the cards of sessions that stopped say: when that was, and what one press starts again."""

from types import SimpleNamespace

import pytest
from gpucommons_spawner.lifecycle.start import Start
from gpucommons_spawner.picker.my_sessions import MySessions, SessionCard
from gpucommons_spawner.selection.past_run import PastRun
from jupyterhub.orm import Spawner

_CHOICE = {"team": "vision", "environment": "scipy", "size": "cpu", "profile": "SciPy · CPU only"}


async def _card(**stored: object) -> SessionCard:
    """The card of the default server, of which JupyterHub has what is stored."""
    row = Spawner(name="", user_options=_CHOICE, **stored)
    spawner = SimpleNamespace(
        user=SimpleNamespace(name="ada", all_spawners=lambda: [row]),
        hub_state=SimpleNamespace(teams=SimpleNamespace(all=list), size_changes={}),
        workspace_use=SimpleNamespace(by_team=dict),
    )
    (card,) = await MySessions(spawner).cards()
    return card


@pytest.mark.parametrize(
    ("ended", "detail"),
    [
        ("", "Stopped at 2026-11-30 22:10 UTC. Saved files are kept."),
        ("It was unused.", "Stopped at 2026-11-30 22:10 UTC."),
        ("Your session ended at 2026-11-30 22:09 UTC: its node is gone.", ""),
    ],
)
async def test_a_session_that_stopped_says_when_unless_the_reason_does(ended, detail):
    card = await _card(state={"ended": ended, "ended_at": "2026-11-30T22:10:31+00:00"})
    assert (card.detail, card.ended) == (detail, ended)


async def test_a_session_that_never_ran_did_not_stop():
    assert (await _card()).detail == ""


@pytest.mark.parametrize(
    ("ran", "repeats"), [(None, False), (_CHOICE, True), (_CHOICE | {"size": "gpu"}, False)]
)
async def test_one_press_repeats_only_a_choice_that_has_run(ran, repeats):
    state = {"past_run": PastRun(ran, "example/scipy:2026.11").as_state()} if ran else {}
    assert (await _card(state=state)).repeats is repeats


def test_the_moment_is_of_the_last_session_that_ran_and_outlives_the_hub(make_spawner):
    spawner = make_spawner({})
    spawner.clear_state()  # a start that was refused
    assert "ended_at" not in spawner.get_state()
    spawner.last_end.started(None)
    spawner.clear_state()
    stopped = spawner.get_state()["ended_at"]
    spawner.clear_state()
    restarted = make_spawner({})
    restarted.last_end.restore(spawner.get_state())
    assert restarted.get_state()["ended_at"] == stopped


def test_a_start_that_was_refused_leaves_the_moment_of_a_session_that_others_stopped(make_spawner):
    spawner = make_spawner({})
    spawner.last_end.started(None)
    spawner.last_end.note("It was unused.")
    spawner.clear_state()
    stopped = spawner.get_state()["ended_at"]
    spawner.clear_state()  # JupyterHub begins a start with it
    spawner.last_end.starting()
    spawner.clear_state()
    assert spawner.get_state()["ended_at"] == stopped


def test_a_start_that_was_refused_leaves_the_moment_of_a_session_that_another_hub_ended(
    make_spawner,
):
    spawner = make_spawner({})
    spawner.this_start = Start(spawner, "first")
    spawner.last_end.started(None)
    spawner.clear_state()
    restarted = make_spawner({})
    restarted.record.restore(spawner.get_state())
    restarted.clear_state()
    assert restarted.get_state()["ended_at"] == spawner.get_state()["ended_at"]

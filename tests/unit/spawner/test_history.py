"""What is remembered of a start: the time that it took itself, without what it waited for."""

import asyncio

import pytest
from gpucommons_spawner import GPUSpawner
from gpucommons_spawner.availability.start_times import StartTimes
from gpucommons_spawner.lifecycle.start import Start
from gpucommons_spawner.lifecycle.start_gate import StartGate

CHOICE = {"team": "vision", "environment": "scipy", "size": "cpu"}
_POD = {
    "metadata": {
        "labels": {"kueue.x-k8s.io/queue-name": "sessions"},
        "creationTimestamp": "2026-11-24T10:00:00Z",
    },
    "status": {
        "conditions": [
            {
                "type": "PodScheduled",
                "status": "True",
                "lastTransitionTime": "2026-11-24T10:12:30Z",
            }
        ]
    },
}


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    clock = [1000.0]
    monkeypatch.setattr(GPUSpawner.hub_state, "start_times", StartTimes(lambda: clock[0]))
    return clock


@pytest.fixture
def gate(monkeypatch) -> StartGate:
    gate = StartGate()
    monkeypatch.setattr(GPUSpawner, "start_gate", gate)
    return gate


async def _is_ready(spawner) -> None:
    """Let the start that was begun succeed at this time."""
    spawner._spawn_future = asyncio.get_running_loop().create_future()
    spawner.past_runs.started(spawner.this_start.pod)
    spawner.when_up()
    spawner._spawn_future.set_result(None)
    await asyncio.sleep(0)


async def test_the_wait_for_a_turn_is_not_counted(make_spawner, clock, gate):
    spawner = make_spawner(CHOICE, start_slots=1)
    other = gate.ticket()
    await gate.enter(other, 1)
    options = asyncio.create_task(spawner.load_user_options())
    await asyncio.sleep(0.01)
    clock[0] += 600
    gate.leave(other, 1)
    await options
    clock[0] += 6
    await _is_ready(spawner)
    assert spawner.hub_state.start_times.sentences() == {
        "scipy": {"cpu": "the last start took 6 s"}
    }


async def test_the_time_in_the_queue_is_not_counted(make_spawner, clock, gate, monkeypatch):
    spawner = make_spawner(CHOICE)
    monkeypatch.setattr(Start, "pod", _POD)
    await spawner.load_user_options()
    clock[0] += 750 + 6
    await _is_ready(spawner)
    assert spawner.hub_state.start_times.sentences() == {
        "scipy": {"cpu": "the last start took 6 s"}
    }

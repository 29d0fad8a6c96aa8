"""One signal for all who wait."""

import asyncio

import pytest
from gpucommons_spawner.pulse import Pulse


@pytest.fixture
def stamp() -> list[int]:
    return [0]


async def _heard(pulse: Pulse, times: int, number: int = 0) -> int:
    for _ in range(times):
        await pulse.after(number)
        number = pulse.number
    return number


async def test_everybody_who_listens_hears_a_change(stamp):
    pulse = Pulse(look_seconds=0.01)
    with pulse.listening(lambda: stamp[0]), pulse.listening(lambda: stamp[0]):
        waiting = [asyncio.create_task(_heard(pulse, 1)) for _ in range(2)]
        await asyncio.sleep(0)
        stamp[0] += 1
        async with asyncio.timeout(5):
            assert await asyncio.gather(*waiting) == [1, 1]


async def test_many_changes_at_once_are_told_as_one(stamp):
    pulse = Pulse(look_seconds=0.05)
    with pulse.listening(lambda: stamp[0]):
        await asyncio.sleep(0)
        begin = pulse.now()
        for _ in range(3):
            stamp[0] += 1
            await asyncio.sleep(0.001)
        assert await _heard(pulse, 1) == 1
        assert pulse.now() - begin >= 0.04
        await asyncio.sleep(0.15)
        assert pulse.number == 1


async def test_a_ring_that_somebody_missed_is_heard_at_once(stamp):
    pulse = Pulse(look_seconds=0.01)
    with pulse.listening(lambda: stamp[0]):
        await asyncio.sleep(0)
        stamp[0] += 1
        await _heard(pulse, 1)
        async with asyncio.timeout(0.005):
            await pulse.after(0)


async def test_it_rings_now_and_then_without_a_change(stamp):
    pulse = Pulse(look_seconds=0.01, beat_seconds=0.03)
    with pulse.listening(lambda: stamp[0]):
        async with asyncio.timeout(5):
            assert await _heard(pulse, 2) == 2


async def test_nothing_runs_while_nobody_listens(stamp):
    looks = []
    pulse = Pulse(look_seconds=0.01)
    with pulse.listening(lambda: looks.append(1)):
        await asyncio.sleep(0.05)
    seen = len(looks)
    assert seen
    await asyncio.sleep(0.05)
    assert len(looks) == seen
    with pulse.listening(lambda: stamp[0]):
        await asyncio.sleep(0)
        stamp[0] += 1
        assert await _heard(pulse, 1, pulse.number) == 1

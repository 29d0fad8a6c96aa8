"""One signal for all who wait."""

import asyncio

import pytest
from gpucommons_spawner.availability.change_signal import ChangeSignal


@pytest.fixture
def stamp(leaping_time) -> list[int]:
    return [0]


async def _heard(change_signal: ChangeSignal, times: int, number: int = 0) -> int:
    for _ in range(times):
        await change_signal.after(number)
        number = change_signal.number
    return number


async def test_everybody_who_listens_hears_a_change(stamp):
    change_signal = ChangeSignal(look_seconds=0.01)
    with change_signal.listening(lambda: stamp[0]), change_signal.listening(lambda: stamp[0]):
        waiting = [asyncio.create_task(_heard(change_signal, 1)) for _ in range(2)]
        await asyncio.sleep(0)
        stamp[0] += 1
        async with asyncio.timeout(5):
            assert await asyncio.gather(*waiting) == [1, 1]


async def test_many_changes_at_once_are_told_as_one(stamp):
    change_signal = ChangeSignal(look_seconds=0.05)
    with change_signal.listening(lambda: stamp[0]):
        await asyncio.sleep(0)
        begin = change_signal.now()
        for _ in range(3):
            stamp[0] += 1
            await asyncio.sleep(0)
        assert await _heard(change_signal, 1) == 1
        assert change_signal.now() - begin >= 0.04
        await asyncio.sleep(0.15)
        assert change_signal.number == 1


async def test_a_ring_that_somebody_missed_is_heard_at_once(stamp):
    change_signal = ChangeSignal(look_seconds=0.01)
    with change_signal.listening(lambda: stamp[0]):
        await asyncio.sleep(0)
        stamp[0] += 1
        await _heard(change_signal, 1)
        late = asyncio.create_task(change_signal.after(0))
        await asyncio.sleep(0)
        assert late.done()


async def test_it_rings_now_and_then_without_a_change(stamp):
    change_signal = ChangeSignal(look_seconds=0.01, beat_seconds=0.03)
    with change_signal.listening(lambda: stamp[0]):
        async with asyncio.timeout(5):
            assert await _heard(change_signal, 2) == 2


async def test_nothing_runs_while_nobody_listens(stamp):
    looks = []
    change_signal = ChangeSignal(look_seconds=0.01)
    with change_signal.listening(lambda: looks.append(1)):
        await asyncio.sleep(0.05)
    seen = len(looks)
    assert seen
    await asyncio.sleep(0.05)
    assert len(looks) == seen
    with change_signal.listening(lambda: stamp[0]):
        await asyncio.sleep(0)
        stamp[0] += 1
        assert await _heard(change_signal, 1, change_signal.number) == 1

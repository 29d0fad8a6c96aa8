"""The loop around the ticks: one after another, sooner where something is due, whatever fails."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_culler.core.clock import Clock
from gpucommons_culler.core.errors import HubUnavailableError
from gpucommons_culler.core.metrics import Metrics
from gpucommons_culler.service.loop import Loop

from tests.waiting import until_async


class Engine:
    """Ticks as the test says."""

    def __init__(self) -> None:
        self.ticks, self.at_once, self.most_at_once = 0, 0, 0
        self.lasts = 0.0
        self.fails: Exception | None = None
        self.due: datetime | None = None

    async def tick(self, leads) -> None:
        assert leads()
        self.ticks += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.lasts)
        self.at_once -= 1
        if self.fails:
            raise self.fails

    def next_due(self, now: datetime) -> datetime | None:
        return self.due


@pytest.fixture
async def engine():
    return Engine()


@pytest.fixture
async def begin(engine):
    tasks = []
    told = []

    def begin(interval: float = 60.0) -> Loop:
        loop = Loop(engine, Metrics(), lambda: True, interval, told.append)
        loop.told = told
        tasks.append(asyncio.create_task(loop.run()))
        return loop

    yield begin
    for task in tasks:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_countdown_s_end_is_not_slept_through(engine, begin):
    engine.due = datetime.now(UTC) + timedelta(seconds=1.5)
    begin()
    await until_async(lambda: engine.ticks >= 1)
    await until_async(lambda: engine.ticks >= 2)
    assert datetime.now(UTC) >= engine.due


async def test_ticks_never_overlap_however_long_they_last(engine, begin):
    engine.lasts = 0.3
    loop = begin(interval=0.01)
    await until_async(lambda: engine.ticks >= 1)
    loop.wake()
    loop.wake()
    await until_async(lambda: engine.ticks >= 3)
    assert engine.most_at_once == 1


@pytest.mark.parametrize(
    "error", [HubUnavailableError("The hub is away."), RuntimeError("a defect")]
)
async def test_what_fails_is_logged_once_told_once_and_tried_again(engine, begin, caplog, error):
    engine.fails = error
    loop = begin(interval=0.2)
    await until_async(lambda: engine.ticks >= 3)
    assert loop.trouble() is not None
    assert len(loop.told) == 1
    assert "The sessions could not be checked for" in loop.told[0].reason
    if isinstance(error, HubUnavailableError):
        assert len([each for each in caplog.records if "could not be checked" in each.message]) == 1
    engine.fails = None
    await until_async(lambda: loop.trouble() is None)


def test_a_clock_that_only_runs_was_not_set_and_one_that_jumps_was(monkeypatch):
    clock = Clock()
    assert clock.stepped() is None
    import time

    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3600)
    step = clock.stepped()
    assert step is not None
    assert abs(step - timedelta(hours=1)) < timedelta(seconds=5)
    assert clock.stepped() is None, "it is told once"

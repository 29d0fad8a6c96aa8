"""The sampling thread, on readers that a test can stop, break and count."""

import asyncio
import threading
import time
from dataclasses import replace

import pytest
from gpucommons_contract import GPU, GPUMemory, GPUPeak, MemoryUse, SessionUse, TelemetryState
from gpucommons_lab.gpu import sampler as sampler_module
from gpucommons_lab.gpu.history import History, Span
from gpucommons_lab.gpu.reading import Reading
from gpucommons_lab.gpu.recorder import Recorder
from gpucommons_lab.gpu.sampler import Sampler

from tests.waiting import until_async

INTERVAL = 0.01
BACKGROUND = 5 * INTERVAL
LINGER = 0.05
PATIENCE = 60
"""Seconds: other work may share the machine."""
GPUS = (GPU(index=0, uuid="GPU-0", name="NVIDIA H200", utilization=42),)
USE = SessionUse(memory=MemoryUse(1, 2))
NEWEST = SessionUse(memory=MemoryUse(2, 2))
GPUS_WITH_MEMORY = (replace(GPUS[0], memory=GPUMemory(used=30, total=100)),)


class CountingReader:
    """One GPU; counts what was asked and where."""

    def __init__(self) -> None:
        self.reads = 0
        self.at_leisure = 0
        self.closes = 0
        self.threads: set[threading.Thread] = set()
        self.answer = threading.Event()
        self.answer.set()
        self.hangs = threading.Event()
        self.reading: Reading | Exception = Reading(TelemetryState.OK, gpus=GPUS)

    def read(self) -> Reading:
        if not self.answer.is_set():
            self.hangs.set()
        self.answer.wait(PATIENCE)
        self.reads += 1
        self.threads.add(threading.current_thread())
        if isinstance(self.reading, Exception):
            raise self.reading
        return self.reading

    def read_at_leisure(self) -> None:
        self.at_leisure += 1

    def close(self) -> None:
        self.closes += 1


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """No driver hangs unless a test says so, however slow the machine is."""
    monkeypatch.setattr(sampler_module, "_STALL", PATIENCE)
    monkeypatch.setattr(sampler_module, "_FAREWELL", PATIENCE)


@pytest.fixture
def reader():
    return CountingReader()


@pytest.fixture
def sampler(reader, recorder):
    sampler = Sampler(lambda: reader, recorder, interval=INTERVAL, linger=LINGER)
    yield sampler
    reader.answer.set()
    sampler.close()


@pytest.fixture
def recorder():
    return Recorder({"GPUCOMMONS_GPU_MODE": "mps"}, lambda: USE)


@pytest.fixture
def background_sampler(reader, recorder):
    """A sampler that goes on for nobody, five times as slowly, once it is started."""
    sampler = Sampler(
        lambda: reader, recorder, interval=INTERVAL, linger=LINGER, background=BACKGROUND
    )
    yield sampler
    reader.answer.set()
    sampler.close()


async def test_nothing_is_read_before_anybody_listens(sampler, reader):
    await asyncio.sleep(5 * INTERVAL)
    assert reader.reads == 0
    assert not sampler.running


async def test_a_frame_holds_the_reading_the_sessions_mode_and_what_it_uses(sampler):
    with sampler.listen() as listener:
        frame = await sampler.next_frame(listener)
    assert (frame.state, frame.gpus, frame.gpu_mode) == (TelemetryState.OK, GPUS, "mps")
    assert frame.use is USE


async def test_many_listeners_cost_one_thread_and_hear_the_same(sampler, reader):
    with sampler.listen() as one, sampler.listen() as two, sampler.listen() as three:
        heard = [await sampler.next_frame(each) for each in (one, two, three)]
    assert len({frame.time for frame in heard}) == 1
    assert len(reader.threads) == 1
    assert threading.current_thread() not in reader.threads


async def test_nothing_is_read_once_nobody_listens(sampler, reader):
    with sampler.listen() as listener:
        await sampler.next_frame(listener)
    before = reader.reads
    await until_async(lambda: not sampler.running)
    assert reader.reads <= before + 1  # one may have been under way


async def test_the_thread_ends_after_a_while_and_starts_again(sampler, reader):
    with sampler.listen() as listener:
        await sampler.next_frame(listener)
    await until_async(lambda: not sampler.running)
    await until_async(lambda: reader.closes == 1)
    with sampler.listen() as listener:
        await sampler.next_frame(listener)
    assert len(reader.threads) == 2


async def test_who_comes_back_soon_finds_the_driver_open(reader, recorder):
    sampler = Sampler(lambda: reader, recorder, interval=INTERVAL, linger=PATIENCE)
    for _ in range(3):
        with sampler.listen() as listener:
            await sampler.next_frame(listener)
        await asyncio.sleep(2 * INTERVAL)
    assert len(reader.threads) == 1
    assert reader.closes == 0
    sampler.close()


async def test_a_slow_listener_gets_the_newest_frame_only(sampler, reader):
    with sampler.listen() as listener:
        first = await sampler.next_frame(listener)
        before = reader.reads
        await until_async(lambda: reader.reads > before + 10)
        await asyncio.sleep(INTERVAL)  # those frames get into the box
        second = await sampler.next_frame(listener)
    assert second.time - first.time > 5 * INTERVAL


async def test_a_driver_that_hangs_is_told_with_the_last_figures_and_what_is_known_elsewhere(
    sampler, reader, recorder, monkeypatch
):
    with sampler.listen() as listener:
        await sampler.next_frame(listener)
        reader.answer.clear()
        await until_async(reader.hangs.is_set)
        last = sampler.current
        recorder.use = lambda: NEWEST
        monkeypatch.setattr(sampler_module, "_STALL", 0.05)
        while (frame := await sampler.next_frame(listener)).state is TelemetryState.OK:
            pass
        assert "does not answer" in frame.reason
        assert (frame.gpus, frame.time, frame.use) == (GPUS, last.time, NEWEST)
        reader.answer.set()
        async with asyncio.timeout(PATIENCE):
            while (await sampler.next_frame(listener)).state is not TelemetryState.OK:
                pass


async def test_a_reader_that_breaks_is_told_logged_once_and_asked_again(
    sampler, reader, monkeypatch, caplog
):
    monkeypatch.setattr(sampler_module, "_RETRY", INTERVAL)
    reader.reading = ValueError("a bug")
    with sampler.listen() as listener:
        assert (await sampler.next_frame(listener)).state is TelemetryState.FAILED
        await until_async(lambda: reader.reads > 3)
        reader.reading = Reading(TelemetryState.OK, gpus=GPUS)
        async with asyncio.timeout(PATIENCE):
            while (await sampler.next_frame(listener)).state is not TelemetryState.OK:
                pass
    assert len(caplog.records) == 1
    assert "a bug" in caplog.text


async def test_what_cannot_be_read_is_tried_less_often(sampler, reader):
    reader.reading = Reading(TelemetryState.FAILED, "Lost.")
    with sampler.listen() as listener:
        frame = await sampler.next_frame(listener)
    assert frame.interval == sampler_module._RETRY
    assert frame.reason == "Lost."


async def test_closing_ends_the_thread(sampler, reader):
    with sampler.listen() as listener:
        await sampler.next_frame(listener)
        sampler.close()
    assert not sampler.running
    assert reader.closes == 1


async def test_what_takes_time_is_read_between_frames_and_on_the_thread(sampler, reader):
    with sampler.listen() as listener:
        await sampler.next_frame(listener)
        await until_async(lambda: reader.at_leisure > 2)


async def test_a_server_that_starts_is_left_alone_at_first(reader, recorder):
    sampler = Sampler(lambda: reader, recorder, interval=INTERVAL, linger=LINGER, background=60)
    sampler.start()
    await asyncio.sleep(5 * INTERVAL)
    assert reader.reads == 0
    sampler.close()


async def test_in_the_background_it_reads_slowly_for_those_who_come_later(
    background_sampler, reader, recorder
):
    now = 0.0
    recorder.history = History(clock=lambda: now)
    now = 1.0  # all is read in one step of the history
    background_sampler.start()
    await until_async(lambda: reader.reads >= 3)
    assert recorder.history.over(Span.SESSION).gpus["GPU-0"].utilization == (42.0,)
    assert background_sampler.current.gpus == GPUS
    assert reader.closes == 0


async def test_who_comes_during_a_slow_pause_does_not_wait_for_its_end(reader, recorder):
    sampler = Sampler(
        lambda: reader, recorder, interval=INTERVAL, linger=LINGER, background=10 * PATIENCE
    )
    sampler.start()
    async with asyncio.timeout(PATIENCE):
        with sampler.listen() as listener:
            for _ in range(3):
                await sampler.next_frame(listener)
    sampler.close()


async def test_it_is_slow_again_once_nobody_listens(background_sampler, reader):
    background_sampler.start()
    with background_sampler.listen() as listener:
        await background_sampler.next_frame(listener)
    begin, before = time.monotonic(), reader.reads
    await until_async(lambda: reader.reads >= before + 6)
    reads, seconds = reader.reads - before, time.monotonic() - begin
    assert reads <= seconds / BACKGROUND + 2  # one was under way, and one was due


async def test_a_session_without_a_gpu_is_not_read_in_the_background(background_sampler, reader):
    reader.reading = Reading(TelemetryState.NO_GPU, "This session has no GPU.")
    background_sampler.start()
    await until_async(lambda: reader.closes == 1)
    assert reader.reads == 1
    assert not background_sampler.running
    with background_sampler.listen() as listener:
        frame = await background_sampler.next_frame(listener)
    assert frame.state is TelemetryState.NO_GPU


async def test_old_figures_are_not_current(sampler, monkeypatch):
    assert sampler.current is None
    with sampler.listen() as listener:
        await sampler.next_frame(listener)
        assert sampler.current.gpus == GPUS
    monkeypatch.setattr(sampler_module, "_STALL", 0.05)
    await until_async(lambda: sampler.current is None)


async def test_peaks_that_are_set_back_are_told_at_once(sampler, reader):
    async with asyncio.timeout(PATIENCE):
        with sampler.listen() as listener:
            await sampler.next_frame(listener)
            high = replace(GPUS[0], memory=GPUMemory(used=70, total=100))
            reader.reading = Reading(TelemetryState.OK, gpus=(high,))
            while (await sampler.next_frame(listener)).gpus[0].peak != GPUPeak(70, 70):
                pass
            reader.reading = Reading(TelemetryState.OK, gpus=GPUS_WITH_MEMORY)
            while (await sampler.next_frame(listener)).gpus[0].memory.used != 30:
                pass
            reader.answer.clear()
            sampler.reset_peaks()
            while (await sampler.next_frame(listener)).gpus[0].peak != GPUPeak(30, 70):
                pass


async def test_a_clock_on_the_wall_that_goes_back_stops_nothing(sampler, monkeypatch):
    with sampler.listen() as listener:
        await sampler.next_frame(listener)
        monkeypatch.setattr(time, "time", lambda: 0.0)
        async with asyncio.timeout(PATIENCE):
            while (await sampler.next_frame(listener)).time:
                pass
        assert sampler.current is not None

"""The past as a page asks for it: gaps, clocks that are set, devices that come and go."""

import json
import threading
from dataclasses import replace
from itertools import pairwise

import pytest
from gpucommons_contract import GPU, GPUMemory, TelemetryHistory
from gpucommons_lab.gpu.history import History, Span

GIB = 2**30
IDLE = GPU(0, "GPU-0", "H200", utilization=0, memory=GPUMemory(0, 8 * GIB), power=75.0)
BUSY = replace(IDLE, utilization=100, memory=GPUMemory(4 * GIB, 8 * GIB), power=700.0)


class Clocks:
    """A clock that never goes back, and one on the wall that may."""

    def __init__(self) -> None:
        self.now = 5.0
        self.wall = 1_000_000.0

    def later(self, seconds: float) -> None:
        self.now += seconds
        self.wall += seconds


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def history(clocks) -> History:
    return History(clock=lambda: clocks.now, wall=lambda: clocks.wall)


def read(history, clocks, *gpus, seconds: int, apart: float = 1.0) -> None:
    for _ in range(round(seconds / apart)):
        clocks.later(apart)
        history.add(gpus, apart)


def test_before_anything_is_read_there_is_nothing(history):
    for span in Span:
        assert history.over(span) in (
            TelemetryHistory(step, times, {}) for step in (1.0, 5.0, 10.0) for times in ((), (1e6,))
        )


def test_a_minute_read_every_second_has_a_value_for_each(history, clocks):
    read(history, clocks, IDLE, seconds=30)
    read(history, clocks, BUSY, seconds=30)
    past = history.over(Span.MINUTE)
    series = past.gpus["GPU-0"]
    assert past.step == 1.0
    assert len(past.times) == 59  # the step under way, the 60th, has no value yet
    assert series.utilization == (0.0,) * 29 + (100.0,) * 30
    assert series.memory[0] == 0
    assert series.memory[-1] == 4 * GIB
    assert series.power[-1] == 700.0


def test_times_are_those_on_the_wall_and_ascend(history, clocks):
    read(history, clocks, IDLE, seconds=10)
    times = history.over(Span.MINUTE).times
    assert times[0] == pytest.approx(1_000_000.0)
    assert [b - a for a, b in pairwise(times)] == pytest.approx([1.0] * 9)


def test_a_clock_that_is_set_back_tears_nothing(history, clocks):
    read(history, clocks, IDLE, seconds=10)
    clocks.wall -= 3600
    read(history, clocks, BUSY, seconds=10)
    past = history.over(Span.MINUTE)
    assert list(past.times) == sorted(set(past.times))
    assert past.times[-1] == pytest.approx(clocks.wall - 1)
    assert past.gpus["GPU-0"].utilization == (0.0,) * 10 + (100.0,) * 10


def test_slow_readings_fill_the_steps_between_them(history, clocks):
    read(history, clocks, IDLE, seconds=10)
    read(history, clocks, BUSY, seconds=30, apart=10.0)
    assert history.over(Span.MINUTE).gpus["GPU-0"].utilization == (0.0,) * 10 + (100.0,) * 30


def test_a_gap_in_reading_is_no_zero(history, clocks):
    read(history, clocks, BUSY, seconds=10)
    clocks.later(10)  # a call hung
    history.add((BUSY,), 1.0)
    read(history, clocks, BUSY, seconds=5)
    values = history.over(Span.MINUTE).gpus["GPU-0"].utilization
    assert values[:10] == (100.0,) * 10
    assert values[10:19] == (None,) * 9
    assert values[-5:] == (100.0,) * 5


def test_what_is_not_read_any_more_has_no_values(history, clocks):
    read(history, clocks, BUSY, seconds=10)
    clocks.later(20)
    assert history.over(Span.MINUTE).gpus["GPU-0"].utilization[-10:] == (None,) * 10


def test_a_lost_gpu_has_a_gap_beside_the_others(history, clocks):
    other = replace(BUSY, uuid="GPU-1")
    read(history, clocks, BUSY, other, seconds=10)
    read(history, clocks, other, seconds=10)
    read(history, clocks, BUSY, other, seconds=10)
    gpus = history.over(Span.MINUTE).gpus
    assert gpus["GPU-1"].utilization == (100.0,) * 30
    assert gpus["GPU-0"].utilization[10:19] == (None,) * 9
    assert gpus["GPU-0"].utilization[-5:] == (100.0,) * 5


def test_a_figure_that_the_driver_does_not_know_stays_unknown(history, clocks):
    read(history, clocks, replace(BUSY, utilization=None, memory=None), seconds=10)
    series = history.over(Span.MINUTE).gpus["GPU-0"]
    assert series.utilization == series.memory == (None,) * 10
    assert series.power == (700.0,) * 10


def test_after_a_mig_change_the_new_slices_have_a_past_of_their_own(history, clocks):
    read(history, clocks, BUSY, seconds=10)
    read(history, clocks, replace(IDLE, uuid="MIG-1"), seconds=10)
    gpus = history.over(Span.MINUTE).gpus
    assert gpus["GPU-0"].memory == (4 * GIB,) * 10 + (None,) * 10
    assert gpus["MIG-1"].memory[-9:] == (0,) * 9
    read(history, clocks, replace(IDLE, uuid="MIG-1"), seconds=60)
    assert set(history.over(Span.MINUTE).gpus) == {"MIG-1"}
    assert set(history.over(Span.QUARTER).gpus) == {"GPU-0", "MIG-1"}


def test_hours_of_sixteen_gpus_is_at_most_300_values_each(history, clocks):
    gpus = tuple(replace(BUSY, index=n, uuid=f"GPU-{n}") for n in range(16))
    read(history, clocks, *gpus, seconds=21_600, apart=60.0)
    for span in Span:
        past = history.over(span)
        assert len(past.gpus) == 16
        assert len(past.times) <= 300
        for series in past.gpus.values():
            assert {len(series.utilization), len(series.memory), len(series.power)} == {
                len(past.times)
            }
    session = history.over(Span.SESSION)
    assert session.times[0] == pytest.approx(1_000_000.0)
    assert session.times[-1] >= clocks.wall - session.step - 0.01


def test_an_hour_of_peaks_is_not_averaged_away_for_memory(history, clocks):
    read(history, clocks, IDLE, seconds=1800, apart=10.0)
    read(history, clocks, BUSY, seconds=10, apart=10.0)
    read(history, clocks, IDLE, seconds=7200, apart=10.0)
    series = history.over(Span.SESSION).gpus["GPU-0"]
    assert max(series.memory) == 4 * GIB
    assert 0 < max(series.utilization) < 100


def test_it_can_be_asked_while_it_is_written(history, clocks):
    failed = []

    def ask() -> None:
        try:
            while not done.is_set():
                json.loads(history.over(Span.SESSION).to_json())
        except Exception as error:
            failed.append(error)

    done = threading.Event()
    asking = threading.Thread(target=ask)
    asking.start()
    read(history, clocks, BUSY, seconds=20_000, apart=10.0)
    done.set()
    asking.join()
    assert failed == []

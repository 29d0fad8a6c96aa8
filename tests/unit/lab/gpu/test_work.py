"""When devices last worked, since when they are watched, and whose work it was."""

from dataclasses import replace

import pytest
from gpucommons_contract import (
    GPU,
    GPUActivity,
    GPUHolder,
    GPUMemory,
    GPUProcess,
    HolderKind,
    TelemetryState,
)
from gpucommons_lab.gpu.reading import Reading
from gpucommons_lab.gpu.work import GPUWork

APART = 10.0
GIB = 2**30
IDLE = GPU(0, "GPU-0", "H200", utilization=1, memory=GPUMemory(4 * GIB, 141 * GIB))


class Watched:
    """Devices that are read each ten seconds."""

    def __init__(self) -> None:
        self.now = 5000.0
        self.work = GPUWork(lambda: self.now)

    def read(self, *gpus: GPU, state=TelemetryState.OK, times=1) -> None:
        for _ in range(times):
            self.now += APART
            self.work.add(Reading(state, gpus=gpus), APART)

    def load(self, *percent, times=1) -> None:
        gpus = (replace(IDLE, uuid=f"GPU-{n}", utilization=p) for n, p in enumerate(percent))
        self.read(*gpus, times=times)

    @property
    def known(self) -> GPUActivity | None:
        return self.work.until_now(memory=None)


@pytest.fixture
def watched():
    return Watched()


def test_the_last_work_ages_from_when_it_was_read(watched):
    watched.load(80)
    watched.load(0, times=3)
    watched.now += 2
    assert watched.known == GPUActivity(watched=32, last=32, utilization=80, memory=None)


@pytest.mark.parametrize(("percent", "works"), [(0, False), (1, False), (3, False), (4, True)])
def test_a_panel_that_is_open_is_no_work(watched, percent, works):
    watched.load(percent, times=2)
    assert (watched.known.last is not None) is works
    assert watched.known.utilization == percent


def test_work_on_any_device_counts(watched):
    watched.load(0, 30)
    watched.load(0, 0)
    assert (watched.known.last, watched.known.utilization) == (10, 30)


def test_a_short_work_long_ago_is_not_averaged_away(watched):
    watched.load(0, times=6 * 60 * 12)
    watched.load(50)
    watched.load(0, times=6 * 30)
    assert watched.known.last == 1800
    assert watched.known.utilization == 50


def test_the_highest_is_of_the_last_hour(watched):
    watched.load(90)
    watched.load(20, times=60)
    watched.load(0, times=400)
    assert watched.known.last == 4000
    assert watched.known.utilization == 0
    assert watched.known.watched == 4600


def test_a_gap_begins_the_watch_anew(watched):
    watched.load(80, times=10)
    watched.now += 60
    watched.load(0)
    assert watched.known == GPUActivity(watched=0, last=None, utilization=0, memory=None)


def test_a_reading_that_is_a_little_late_is_no_gap(watched):
    watched.load(0)
    watched.now += 5
    watched.load(0)
    assert watched.known.watched == 15


@pytest.mark.parametrize(
    "reading",
    [
        Reading(TelemetryState.FAILED, "Lost.", (IDLE,)),
        Reading(TelemetryState.OK, gpus=(replace(IDLE, utilization=None),)),
        Reading(TelemetryState.NO_GPU),
    ],
)
def test_a_reading_that_does_not_tell_is_a_gap(watched, reading):
    watched.load(80, times=3)
    watched.now += APART
    watched.work.add(reading, APART)
    assert watched.known is None
    watched.load(0, times=2)
    assert watched.known == GPUActivity(watched=10, last=None, utilization=0, memory=None)


def test_a_device_that_comes_or_goes_is_a_gap(watched):
    watched.load(80, 0)
    watched.load(0)
    assert (watched.known.watched, watched.known.last) == (0, None)


def test_work_of_others_alone_is_not_this_sessions(watched):
    others = (GPUProcess(7, 4 * GIB),)
    busy = replace(IDLE, utilization=90, processes=others)
    watched.read(replace(busy, memory=replace(IDLE.memory, mine=0)))
    assert watched.known.last is None
    watched.read(replace(busy, memory=replace(IDLE.memory, mine=None)))  # whose, nobody knows
    assert watched.known.last == 0


def test_work_counts_while_one_of_the_processes_is_a_notebooks(watched):
    notebook = GPUHolder(HolderKind.KERNEL, "a", 57, "python")
    processes = (GPUProcess(57, None, notebook), GPUProcess(7, 4 * GIB))
    memory = replace(IDLE.memory, mine=0)
    watched.read(replace(IDLE, utilization=90, processes=processes, memory=memory))
    assert watched.known.last == 0


def test_where_no_process_is_shown_work_counts(watched):
    memory = replace(IDLE.memory, mine=0)
    watched.read(replace(IDLE, utilization=90, processes=(), memory=memory))
    assert watched.known.last == 0

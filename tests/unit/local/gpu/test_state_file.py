"""The state file: what is written is read back, and nothing else is believed."""

from dataclasses import replace
from pathlib import Path

import pytest
from gpucommons_local.errors import PlatformError
from gpucommons_local.gpu.mig import PROFILES
from gpucommons_local.gpu.state import (
    FIGURES,
    GPU_COUNT,
    MAX_PROCESSES,
    MAX_XIDS,
    MEMORY_TOTAL,
    MOST_GPUS,
    THROTTLES,
    DriverState,
    GPUProcess,
    GPUState,
    Slice,
    Xid,
)
from gpucommons_local.gpu.state_file import StateFile, parse, render
from hypothesis import given
from hypothesis import strategies as st

percent = st.integers(0, 100)
memory = st.integers(0, MEMORY_TOTAL)
numbers = st.integers(0, GPU_COUNT - 1)
gpus = st.builds(
    GPUState,
    percent,
    percent,
    memory,
    st.integers(0, 700_000),
    st.integers(0, 120),
    st.integers(0, 10_000),
    st.integers(0, 10_000),
    st.booleans(),
    st.integers(0, sum(THROTTLES.values())),
    st.integers(0, 1_000_000),
    st.integers(0, 64_000_000),
    st.integers(0, 64_000_000),
    st.integers(0, 60_000),
    st.booleans(),
    st.integers(0, 2),
    st.integers(0, sum(FIGURES.values())),
    st.integers(0, sum(FIGURES.values())),
)
pids = st.integers(0, 2**32 - 1)
states = st.builds(
    DriverState,
    st.integers(0, 2**63),
    st.lists(gpus, min_size=GPU_COUNT, max_size=MOST_GPUS).map(tuple),
    st.lists(st.builds(GPUProcess, numbers, pids, memory, pids, pids), max_size=MAX_PROCESSES).map(
        tuple
    ),
    st.lists(st.builds(Xid, st.integers(1, 2**63), numbers, st.integers(0, 999))).map(tuple),
    st.lists(st.builds(Slice, numbers, st.sampled_from(sorted(PROFILES)))).map(tuple),
)


@pytest.fixture
def file(tmp_path: Path) -> StateFile:
    file = StateFile(tmp_path / "state", lock=tmp_path / "lock")
    file.create()
    return file


@given(states)
def test_every_state_is_read_as_it_was_written(state):
    assert parse(render(state)) == state


@given(states, st.data())
def test_a_text_that_is_cut_short_is_refused(state, data):
    text = render(state)
    # Without its last line feed a text is still whole.
    length = data.draw(st.integers(0, len(text) - len(str(state.generation)) - 2))
    with pytest.raises(ValueError, match=r"line|Line"):
        parse(text[:length])


@given(st.text())
def test_any_other_text_is_refused(text):
    with pytest.raises(ValueError, match="first line"):
        parse(text)


def test_the_longest_state_fits_into_what_the_driver_reads():
    figures = sum(FIGURES.values())
    odd = (True, 2, figures, figures)
    most = (sum(THROTTLES.values()), 1_000_000, 64_000_000, 64_000_000, 60_000, *odd)
    gpu = GPUState(100, 100, MEMORY_TOTAL, 700_000, 120, 10_000, 10_000, True, *most)
    longest = DriverState(
        2**63,
        (gpu,) * MOST_GPUS,
        (GPUProcess(15, 2**32 - 1, MEMORY_TOTAL, 2**32 - 1, 2**32 - 1),) * 64,
        (Xid(2**63, 15, 999),) * MAX_XIDS,
        (Slice(15, "1g.18gb"),) * 7 * MOST_GPUS,
    )
    assert len(render(longest)) < 32768


def test_who_has_the_file_open_or_mounted_sees_each_change(file):
    with file.path.open() as held:
        file.update(lambda state: state.with_gpu(0, GPUState().with_load(50)))
        assert parse(held.read()).gpus[0].utilization == 50


def test_a_shorter_state_leaves_nothing_of_the_longer_one(file):
    processes = [GPUProcess(0, pid, 0) for pid in range(50)]
    file.update(lambda state: state.with_processes(0, processes))
    file.update(lambda state: state.reset())
    assert file.path.read_text().endswith("\nend 2\n")


def test_each_change_is_a_new_generation(file):
    for generation in (1, 2, 3):
        assert file.update(lambda state: state).generation == generation


def test_a_change_that_fails_changes_nothing(file):
    before = file.path.read_text()
    with pytest.raises(ValueError, match="no GPU 9"):
        file.update(lambda state: state.with_xid(9, 79))
    assert file.path.read_text() == before


def test_an_existing_state_survives_a_new_start(file):
    file.update(lambda state: state.with_xid(1, 79))
    file.create()
    assert file.read().xids == (Xid(1, 1, 79),)


def test_a_damaged_file_is_replaced_at_a_new_start(file):
    file.path.write_text("half a line")
    file.create()
    assert file.read() == DriverState()


def test_a_missing_file_says_how_to_start(file):
    file.path.unlink()
    with pytest.raises(PlatformError, match="make up"):
        file.read()


def test_load_draws_power_and_makes_heat():
    loads = [GPUState().with_load(load) for load in (0, 50, 100)]
    assert loads[0] == GPUState()
    assert [gpu.power for gpu in loads] == [75_000, 387_500, 700_000]
    assert loads[1].temperature < loads[2].temperature


def test_impossible_figures_are_refused_with_their_range():
    with pytest.raises(ValueError, match="Utilization 101 is out of range: from 0 to 100 percent"):
        GPUState(utilization=101)
    with pytest.raises(ValueError, match="At most 64 processes"):
        DriverState(processes=(GPUProcess(0, 1, 1),) * 65)


def test_xids_are_counted_on_when_old_ones_are_forgotten():
    state = DriverState()
    for _ in range(MAX_XIDS + 3):
        state = state.with_xid(0, 79)
    assert [xid.sequence for xid in state.xids] == list(range(4, MAX_XIDS + 4))


def test_a_reset_of_one_gpu_leaves_the_others_alone():
    busy = GPUState().with_load(70)
    state = replace(DriverState(), gpus=(busy,) * GPU_COUNT)
    state = state.with_processes(0, [GPUProcess(0, 7, 1)]).with_processes(1, [GPUProcess(1, 8, 1)])
    state = state.reset([0])
    assert state.gpus == (GPUState(), busy, busy, busy)
    assert state.processes == (GPUProcess(1, 8, 1),)

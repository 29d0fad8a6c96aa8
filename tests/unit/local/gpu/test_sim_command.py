"""``gpucommons sim`` as a person types it."""

import argparse
import json
import os
from pathlib import Path

import pytest
from gpucommons_local.errors import PlatformError
from gpucommons_local.gpu import command
from gpucommons_local.gpu.driver import DriverRoot
from gpucommons_local.gpu.state import FIGURES, PROCESS_MEMORY, THROTTLES, GPUProcess

GIB = 2**30


@pytest.fixture
def root(tmp_path) -> DriverRoot:
    """A driver root with a state, and no library to read it."""
    root = DriverRoot(tmp_path)
    root.library_folder.mkdir(parents=True)
    root.state_file.create()
    return root


def sim(root: DriverRoot, line: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    return command.run(parser.parse_args(["sim", *line.split()]), root.path)


def test_set_changes_one_gpu_and_shows_all(root, capsys):
    assert sim(root, "set 0 --utilization 80 --memory 20GiB") == 0
    gpu = root.state_file.read().gpus[0]
    assert (gpu.utilization, gpu.memory_used, gpu.power) == (80, 20 * GIB, 575_000)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert lines[1].split()[:4] == ["0", "80", "%", "20.0"]


def test_what_is_not_named_stays(root):
    sim(root, "set 2 --utilization 80 --memory 20GiB")
    sim(root, "set 2 --temperature 90 --power 300.5")
    gpu = root.state_file.read().gpus[2]
    assert (gpu.utilization, gpu.memory_used) == (80, 20 * GIB)
    assert (gpu.temperature, gpu.power) == (90, 300_500)


def test_processes_replace_those_before(root):
    sim(root, "set 1 --process 7:1GiB")
    sim(root, "set 1 --process 8:1GiB --process 9:512MiB")
    processes = root.state_file.read().processes
    assert processes == (GPUProcess(1, 8, GIB), GPUProcess(1, 9, GIB // 2))


def test_a_gpu_is_lost_and_found(root):
    sim(root, "set 3 --lost")
    assert root.state_file.read().gpus[3].lost
    sim(root, "set 3 --no-lost")
    assert not root.state_file.read().gpus[3].lost


def test_what_holds_the_clock_back_and_what_is_broken_can_be_set(root):
    sim(root, "set 1 --throttle thermal power --clock 1200 --ecc 2 --pcie 1200:300 --delay 200")
    gpu = root.state_file.read().gpus[1]
    assert gpu.throttle == THROTTLES["thermal"] | THROTTLES["power"]
    assert (gpu.sm_clock, gpu.ecc_errors, gpu.delay) == (1200, 2, 200)
    assert (gpu.pcie_received, gpu.pcie_sent) == (1_200_000, 300_000)
    sim(root, "set 1 --throttle none")
    gpu = root.state_file.read().gpus[1]
    assert (gpu.throttle, gpu.ecc_errors) == (0, 2)


def test_how_the_driver_answers_can_be_set(root):
    sim(root, "set 1 --pids caller --process-memory zero --unsupported power pcie --garbage ecc")
    gpu = root.state_file.read().gpus[1]
    assert (gpu.translates, gpu.process_memory) == (True, PROCESS_MEMORY["zero"])
    assert gpu.unsupported == FIGURES["power"] | FIGURES["pcie"]
    assert gpu.garbage == FIGURES["ecc"]
    sim(root, "set 1 --pids node --unsupported none")
    gpu = root.state_file.read().gpus[1]
    assert (gpu.translates, gpu.unsupported, gpu.garbage) == (False, 0, FIGURES["ecc"])


def test_a_process_of_this_machine_is_known_by_its_namespace_too(root):
    sim(root, f"set 1 --pids caller --process {os.getpid()}:1GiB --process {2**22 + 1}:1GiB")
    own, nobodys = root.state_file.read().processes
    assert own.namespace == Path("/proc/self/ns/pid").stat().st_ino
    assert own.inside == os.getpid()
    assert nobodys == GPUProcess(1, 2**22 + 1, GIB)


def test_a_gpu_is_cut_into_slices_and_made_whole_again(root, capsys):
    sim(root, "set 0 --utilization 80 --mig 1g.18gb,2g.35gb")
    state = root.state_file.read()
    assert [(each.gpu, each.profile) for each in state.slices] == [(0, "1g.18gb"), (0, "2g.35gb")]
    assert state.gpus[0].utilization == 80
    assert capsys.readouterr().out.splitlines()[1].split()[-2:] == ["2", "none"]
    sim(root, "set 0 --mig off")
    assert root.state_file.read().slices == ()


def test_a_gpu_that_is_cut_anew_has_other_slices_and_the_others_keep_theirs(root):
    sim(root, "set 0 --mig 1g.18gb")
    sim(root, "set 1 --mig 3g.71gb,3g.71gb")
    before = root.state_file.read().slices
    sim(root, "set 0 --mig 1g.18gb")
    after = root.state_file.read().slices
    assert before[1:] == after[:2]
    assert before[0].profile == after[2].profile
    assert len({each.uuid for each in (*before, *after)}) == 4


def test_what_else_is_set_leaves_the_slices_alone(root):
    sim(root, "set 0 --mig 1g.18gb")
    before = root.state_file.read().slices
    sim(root, "set 0 --memory 20GiB")
    assert root.state_file.read().slices == before


def test_an_xid_is_remembered_and_shown(root, capsys):
    sim(root, "xid 1 79")
    assert capsys.readouterr().out.splitlines()[2].endswith("79")


def test_reset_makes_all_gpus_idle(root):
    sim(root, "set 0 --utilization 80 --process 7:1GiB --lost --mig 1g.18gb")
    sim(root, "reset")
    state = root.state_file.read()
    assert not state.gpus[0].lost
    assert (state.gpus[0].utilization, state.processes, state.slices) == (0, (), ())


def test_show_is_readable_by_programs(root, capsys):
    sim(root, "set 0 --utilization 10")
    capsys.readouterr()
    sim(root, "show --json")
    assert json.loads(capsys.readouterr().out)["gpus"][0]["utilization"] == 10


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("set 4 --lost", "there is no GPU 4: they are numbered 0 to 3"),
        ("set one --lost", "there is no GPU one"),
        ("set 0 --memory lots", "'lots' is not a size: write it as 20GiB"),
        ("set 0 --memory 200GiB", "200GiB is more than a GPU has: 143771MiB at most"),
        ("set 0 --process 8GiB", "'8GiB' is not a process: write it as 4242:8GiB"),
        ("set 0 --throttle dust", "invalid choice: 'dust'"),
        ("set 0 --pids pod", "invalid choice: 'pod'"),
        ("set 0 --garbage fan", "invalid choice: 'fan'"),
        ("set 0 --pcie 1200", "'1200' is not a rate of traffic: write it as 1200:300"),
        ("set 0 --utilization high", "invalid int value"),
        ("", "required: COMMAND"),
    ],
)
def test_a_mistake_is_explained(root, capsys, line, message):
    before = root.state_file.path.read_text()
    with pytest.raises(SystemExit) as stopped:
        sim(root, line)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err
    assert root.state_file.path.read_text() == before


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("set 0 --utilization 101", "Utilization 101 is out of range: from 0 to 100 percent."),
        ("set 0 --power 701", "Power 701000 is out of range: from 0 to 700000 milliwatts."),
        ("set 0 --ecc -1", "ECC errors -1 is out of range"),
        ("xid 0 -1", "Xid -1 is out of range"),
        ("set 0 --mig 1g.10gb", "no MIG profile '1g.10gb': an H200 has 1g.18gb, 1g.35gb, 2g.35gb"),
        ("set 0 --mig 4g.71gb,4g.71gb", "need 8 compute slices and 8 memory slices: a GPU has 7"),
        ("set 0 --mig 3g.71gb,3g.71gb,1g.18gb", "need 7 compute slices and 9 memory slices"),
    ],
)
def test_an_impossible_figure_is_explained(root, capsys, line, message):
    before = root.state_file.path.read_text()
    assert sim(root, line) == 2
    assert message in capsys.readouterr().err
    assert root.state_file.path.read_text() == before


def test_without_a_platform_the_next_step_is_named(tmp_path):
    with pytest.raises(PlatformError, match="make up"):
        sim(DriverRoot(tmp_path / "nothing"), "set 0 --lost")

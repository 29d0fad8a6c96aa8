"""The stand-ins for NVIDIA's own programs, called as their callers call them."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from gpucommons_local.gpu.driver import DriverRoot
from gpucommons_local.gpu.state import GPUProcess, GPUState

GIB = 2**30


def nvidia_smi(driver: DriverRoot, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [driver.program_folder / "nvidia-smi", *arguments]
    return subprocess.run(command, env={}, capture_output=True, text=True, check=False)


def test_nvidia_smi_says_that_the_gpus_are_simulated_and_what_they_do(driver):
    gpu = GPUState(memory_used=20 * GIB).with_load(80)
    driver.state_file.update(
        lambda state: state.with_gpu(1, gpu).with_processes(1, [GPUProcess(1, 4242, GIB)])
    )
    lines = nvidia_smi(driver).stdout.splitlines()
    assert lines[0].startswith("Simulated GPUs")
    assert "575 / 700 W   20480 / 143771 MiB   80 %" in lines[3]
    assert lines[-1] == "  1  process 4242, 1024 MiB"


def test_nvidia_smi_shows_a_lost_gpu_and_goes_on(driver):
    driver.state_file.update(lambda state: state.with_gpu(0, GPUState(lost=True)))
    lines = nvidia_smi(driver).stdout.splitlines()
    assert lines[2].endswith("GPU is lost")
    assert len(lines) == 6


def test_nvidia_smi_lists_gpus_as_tools_expect(driver):
    first = nvidia_smi(driver, "-L").stdout.splitlines()[0]
    assert first == (
        "GPU 0: NVIDIA H200 Simulated (UUID: GPU-51d00000-0000-4000-8000-000000000000)"
    )


def test_nvidia_smi_lists_slices_below_their_gpu(driver):
    state = driver.state_file.update(lambda state: state.with_cut(0, ["1g.18gb", "3g.71gb"]))
    lines = nvidia_smi(driver, "-L").stdout.splitlines()
    assert lines[1:3] == [
        f"  MIG 1g.18gb     Device  0: (UUID: {state.slices[0].uuid})",
        f"  MIG 3g.71gb     Device  1: (UUID: {state.slices[1].uuid})",
    ]
    assert [line[:6] for line in (lines[0], *lines[3:])] == ["GPU 0:", "GPU 1:", "GPU 2:", "GPU 3:"]


def test_nvidia_smi_shows_no_load_of_a_gpu_that_is_cut(driver):
    busy = GPUState().with_load(80)
    driver.state_file.update(lambda state: state.with_gpu(0, busy).with_cut(0, ["7g.141gb"]))
    assert nvidia_smi(driver).stdout.splitlines()[2].endswith("MiB  N/A")


def test_the_mps_daemon_may_set_the_compute_mode_of_a_gpu_that_is_there(driver):
    uuid = "GPU-51d00000-0000-4000-8000-000000000002"
    assert nvidia_smi(driver, "-i", uuid, "-c", "EXCLUSIVE_PROCESS").returncode == 0
    assert nvidia_smi(driver, "-i", "GPU-0", "-c", "DEFAULT").returncode == 6


def test_nvidia_smi_refuses_what_it_does_not_know(driver):
    result = nvidia_smi(driver, "-q")
    assert result.returncode == 2
    assert "-L" in result.stderr


class MPSControl:
    """nvidia-cuda-mps-control with folders of its own."""

    def __init__(self, driver: DriverRoot, folder: Path) -> None:
        self.program = driver.program_folder / "nvidia-cuda-mps-control"
        self.folder = folder
        self.environment = {
            "CUDA_MPS_PIPE_DIRECTORY": str(folder),
            "CUDA_MPS_LOG_DIRECTORY": str(folder),
        }

    def start(self) -> int:
        command = [self.program, "-d"]
        return subprocess.run(
            command, env=self.environment, check=False, stderr=subprocess.DEVNULL
        ).returncode

    def tell(self, command: str) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryFile() as given:  # there at once: the daemon waits two seconds only
            given.write(command.encode())  # without a line feed, as the control daemon sends it
            given.seek(0)
            return subprocess.run(
                [self.program],
                env=self.environment,
                stdin=given,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )


@pytest.fixture
def mps(driver) -> Iterator[MPSControl]:
    """With a short path for its socket; pytest's own grow with names and runs."""
    with tempfile.TemporaryDirectory(prefix="gpucommons-") as folder:
        mps = MPSControl(driver, Path(folder))
        yield mps
        mps.tell("quit")


def test_the_mps_daemon_keeps_what_it_is_told(mps):
    assert mps.start() == 0
    mps.tell("set_default_device_pinned_mem_limit 0 35942M")
    mps.tell("set_default_active_thread_percentage 25")
    assert mps.tell("get_default_active_thread_percentage").stdout == "25\n"


def test_the_mps_daemon_logs_what_changes_something_and_no_probes(mps):
    mps.start()
    mps.tell("get_default_active_thread_percentage")
    mps.tell("set_default_device_pinned_mem_limit 0 35942M")
    log = (mps.folder / "control.log").read_text()
    assert log == "[simulated] set_default_device_pinned_mem_limit 0 35942M\n"


def test_without_a_daemon_the_control_program_fails(mps):
    result = mps.tell("get_default_active_thread_percentage")
    assert result.returncode == 1
    assert "No MPS control daemon" in result.stderr


def test_after_quit_nobody_answers(mps):
    mps.start()
    assert mps.tell("quit").returncode == 0
    assert mps.tell("get_default_active_thread_percentage").returncode == 1


def test_a_second_daemon_for_the_same_folder_is_refused(mps):
    assert mps.start() == 0
    assert mps.start() == 1


def test_a_daemon_starts_where_one_was_killed(mps):
    (mps.folder / "control").touch()
    assert mps.start() == 0
    assert mps.tell("get_default_active_thread_percentage").stdout == "100\n"


def test_only_the_owner_of_the_daemon_may_command_it(mps):
    mps.start()
    assert (mps.folder / "control").stat().st_mode & 0o777 == 0o600

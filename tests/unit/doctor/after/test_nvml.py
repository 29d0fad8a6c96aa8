"""The cell that asks for GPUs, in a Python of its own with the simulated driver's library."""

import json
import subprocess
import sys

from gpucommons_doctor.after.steps import NVML_CELL


def _run(**environment):
    command = [sys.executable, "-c", NVML_CELL]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_cell_prints_the_name_of_each_gpu(driver):
    done = _run(LD_LIBRARY_PATH=str(driver.library_folder))
    assert done.returncode == 0, done.stderr
    names = json.loads(done.stdout)
    listed = subprocess.run(
        [driver.program_folder / "nvidia-smi", "-L"],
        env={},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert names
    assert [line.partition(": ")[2].partition(" (UUID")[0] for line in listed] == names


def test_the_cell_fails_without_the_drivers_library():
    done = _run()
    assert done.returncode != 0
    assert "libnvidia-ml.so.1" in done.stderr

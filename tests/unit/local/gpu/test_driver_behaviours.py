"""Drivers that count processes otherwise, or answer in part, or nonsense."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from gpucommons_local.gpu.driver import sources
from gpucommons_local.gpu.namespaces import process_on
from gpucommons_local.gpu.state import FIGURES, PROCESS_MEMORY, GPUProcess, GPUState

GIB = 2**30
LISTED = "[[p.pid, p.usedGpuMemory] for p in nvmlDeviceGetComputeRunningProcesses(gpus[0])]"
_IN_A_NAMESPACE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
_ASK = f"""
import json, os, sys
from pynvml import *
nvmlInit()
gpus = [nvmlDeviceGetHandleByIndex(0)]
print("here", flush=True)
for _ in sys.stdin:
    print(json.dumps([os.getpid(), {LISTED}]), flush=True)
"""


@pytest.fixture
def pod(nvml) -> Iterator[subprocess.Popen[str]]:
    """A program that reads NVML in a PID namespace of its own."""
    with subprocess.Popen(
        [*_IN_A_NAMESPACE, sys.executable, "-c", _ASK],
        env=nvml.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as pod:
        if pod.stdout.readline() != "here\n":
            pytest.skip(f"no PID namespace can be made here: {pod.stderr.read()}")
        yield pod
        pod.stdin.close()


def listed(pod: subprocess.Popen[str]) -> list:
    """Its own PID, and what NVML lists for it."""
    pod.stdin.write("\n")
    pod.stdin.flush()
    return json.loads(pod.stdout.readline())


def inside(pod: subprocess.Popen[str]) -> int:
    """The machine's PID of the program itself, which is the only child of ``unshare``."""
    return int(Path(f"/proc/{pod.pid}/task/{pod.pid}/children").read_text())


def test_a_driver_that_translates_gives_each_namespace_its_own_numbers_and_no_others(
    nvml, driver, pod
):
    machines = inside(pod)
    processes = [process_on(0, machines, 3 * GIB), process_on(0, os.getpid(), GIB)]
    modern = GPUState(translates=True)
    driver.state_file.update(lambda s: s.with_gpu(0, modern).with_processes(0, processes))
    own, told = listed(pod)
    assert told == [[own, 3 * GIB]]
    assert own != machines
    assert nvml.read(LISTED) == [[machines, 3 * GIB], [os.getpid(), GIB]]


def test_a_driver_that_does_not_translate_gives_the_nodes_numbers_to_everybody(driver, pod):
    machines = inside(pod)
    processes = [process_on(0, machines, 3 * GIB), process_on(0, os.getpid(), GIB)]
    driver.state_file.update(lambda s: s.with_processes(0, processes))
    assert listed(pod)[1] == [[machines, 3 * GIB], [os.getpid(), GIB]]


@pytest.mark.parametrize(("told", "memory"), [("told", GIB), ("zero", 0), ("hidden", None)])
def test_the_memory_of_processes_is_told_or_not(nvml, driver, told, memory):
    gpu = GPUState(process_memory=PROCESS_MEMORY[told])
    process = GPUProcess(0, 4242, GIB)
    driver.state_file.update(lambda s: s.with_gpu(0, gpu).with_processes(0, [process]))
    assert nvml.read(LISTED) == [[4242, memory]]


_FIGURES = {
    "utilization": "nvmlDeviceGetUtilizationRates(gpus[0]).gpu",
    "memory": "nvmlDeviceGetMemoryInfo(gpus[0], nvmlMemory_v2).used",
    "power": "nvmlDeviceGetPowerUsage(gpus[0])",
    "power-limit": "nvmlDeviceGetEnforcedPowerLimit(gpus[0])",
    "temperature": "nvmlDeviceGetTemperature(gpus[0], NVML_TEMPERATURE_GPU)",
    "clock": "nvmlDeviceGetClockInfo(gpus[0], NVML_CLOCK_SM)",
    "throttle": "nvmlDeviceGetCurrentClocksEventReasons(gpus[0])",
    "ecc": "nvmlDeviceGetTotalEccErrors(gpus[0], NVML_MEMORY_ERROR_TYPE_UNCORRECTED, 0)",
    "pcie": "nvmlDeviceGetPcieThroughput(gpus[0], NVML_PCIE_UTIL_RX_BYTES)",
    "processes": "[p.usedGpuMemory for p in nvmlDeviceGetComputeRunningProcesses(gpus[0])][0]",
}
_NOTHING = (
    "def ask(question):\n    try: return eval(question)\n    except NVMLError as e: return str(e)"
)


def ask(nvml, driver, gpu: GPUState) -> dict[str, object]:
    """What the driver answers for each figure."""
    process = GPUProcess(0, 4242, GIB)
    driver.state_file.update(lambda s: s.with_gpu(0, gpu).with_processes(0, [process]))
    answers = nvml.run(
        "import json; from pynvml import *; nvmlInit(); gpus = [nvmlDeviceGetHandleByIndex(0)]\n"
        f"{_NOTHING}\n"
        f"print(json.dumps({{name: ask(text) for name, text in {_FIGURES!r}.items()}}))\n"
    )
    return dict(json.loads(answers))


def test_figures_are_unsupported_one_by_one(nvml, driver):
    whole = ask(nvml, driver, GPUState())
    assert set(whole) == set(FIGURES)
    assert "Not Supported" not in whole.values()
    half = ["utilization", "clock", "processes"]
    gpu = GPUState(unsupported=sum(FIGURES[each] for each in half))
    assert ask(nvml, driver, gpu) == whole | dict.fromkeys(half, "Not Supported")
    assert set(ask(nvml, driver, replace(gpu, unsupported=2**10 - 1)).values()) == {"Not Supported"}


def test_nonsense_is_a_number_that_cannot_be(nvml, driver):
    told = ask(nvml, driver, GPUState(garbage=sum(FIGURES.values())))
    assert all(isinstance(value, int) and value >= 2**32 - 1 for value in told.values()), told


def test_the_drivers_bits_are_those_of_the_state():
    header = (sources() / "state.h").read_text()
    bits = {name: 1 << int(bit) for name, bit in re.findall(r"([A-Z_]+) = 1 << (\d+)", header)}
    assert bits == {name.replace("-", "_").upper(): bit for name, bit in FIGURES.items()}

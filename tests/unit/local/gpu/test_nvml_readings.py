"""What GPUs do, as NVIDIA's own Python binding reads it."""

import json
import subprocess
import sys

from gpucommons_local.gpu.state import MEMORY_TOTAL, POWER_LIMIT, THROTTLES, GPUProcess, GPUState

GIB = 2**30


def test_limits_are_those_that_the_state_checks_against(nvml):
    assert nvml.read("nvmlDeviceGetMemoryInfo(gpus[0]).total") == MEMORY_TOTAL
    assert nvml.read("nvmlDeviceGetEnforcedPowerLimit(gpus[0])") == POWER_LIMIT


def test_readings_follow_the_state(nvml, driver):
    gpu = GPUState(80, 48, 20 * GIB, 575_000, 58, 1980, 3201)
    driver.state_file.update(lambda state: state.with_gpu(1, gpu))
    figures = nvml.read(
        "[[nvmlDeviceGetUtilizationRates(g).gpu, nvmlDeviceGetUtilizationRates(g).memory,"
        " nvmlDeviceGetMemoryInfo(g).used, nvmlDeviceGetPowerUsage(g),"
        " nvmlDeviceGetTemperature(g, NVML_TEMPERATURE_GPU),"
        " nvmlDeviceGetClockInfo(g, NVML_CLOCK_SM), nvmlDeviceGetClockInfo(g, NVML_CLOCK_MEM)]"
        " for g in gpus[:2]]"
    )
    assert figures == [
        [0, 0, 0, 75_000, 30, 345, 3201],
        [80, 48, 20 * GIB, 575_000, 58, 1980, 3201],
    ]


def test_throttling_errors_and_traffic_follow_the_state(nvml, driver):
    gpu = GPUState(
        throttle=THROTTLES["thermal"], ecc_errors=2, pcie_received=1_200_000, pcie_sent=300_000
    )
    driver.state_file.update(lambda state: state.with_gpu(1, gpu))
    figures = nvml.read(
        "[[nvmlDeviceGetCurrentClocksEventReasons(g),"
        " nvmlDeviceGetCurrentClocksThrottleReasons(g),"
        " nvmlDeviceGetTotalEccErrors(g, NVML_MEMORY_ERROR_TYPE_UNCORRECTED, NVML_VOLATILE_ECC),"
        " nvmlDeviceGetTotalEccErrors(g, NVML_MEMORY_ERROR_TYPE_CORRECTED, NVML_VOLATILE_ECC),"
        " nvmlDeviceGetPcieThroughput(g, NVML_PCIE_UTIL_RX_BYTES),"
        " nvmlDeviceGetPcieThroughput(g, NVML_PCIE_UTIL_TX_BYTES)] for g in gpus[:2]]"
    )
    assert figures == [[0, 0, 0, 0, 0, 0], [0x20, 0x20, 2, 0, 1_200_000, 300_000]]


def test_a_pcie_counter_takes_its_time_and_a_slow_driver_too(nvml, driver):
    driver.state_file.update(lambda state: state.with_gpu(1, GPUState(delay=60)))
    output = nvml.run(
        "import json; from time import monotonic; from pynvml import *; nvmlInit()\n"
        "gpus = [nvmlDeviceGetHandleByIndex(i) for i in range(2)]\n"
        "times = [monotonic()]\n"
        "nvmlDeviceGetPcieThroughput(gpus[0], NVML_PCIE_UTIL_RX_BYTES); times += [monotonic()]\n"
        "nvmlDeviceGetUtilizationRates(gpus[1]); times += [monotonic()]\n"
        "print(json.dumps([times[1] - times[0], times[2] - times[1]]))\n"
    )
    took = json.loads(output)
    assert took[0] >= 0.02
    assert took[1] >= 0.06


def test_versioned_structs_give_the_same_figures(nvml, driver):
    driver.state_file.update(lambda state: state.with_gpu(0, GPUState(memory_used=GIB)))
    memory = nvml.read(
        "(lambda m: [m.total, m.free, m.used])(nvmlDeviceGetMemoryInfo(gpus[0], nvmlMemory_v2))"
    )
    assert memory == [MEMORY_TOTAL, MEMORY_TOTAL - GIB, GIB]
    assert nvml.read("nvmlDeviceGetTemperatureV(gpus[0], NVML_TEMPERATURE_GPU)") == 30


def test_a_change_is_seen_by_a_program_that_already_runs(driver, nvml):
    code = (
        "import sys; from pynvml import *; nvmlInit(); gpu = nvmlDeviceGetHandleByIndex(0)\n"
        "for _ in sys.stdin: print(nvmlDeviceGetUtilizationRates(gpu).gpu, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=nvml.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        for load in (10, 100, 0):
            gpu = GPUState().with_load(load)
            driver.state_file.update(lambda state, gpu=gpu: state.with_gpu(0, gpu))
            reader.stdin.write("read\n")
            reader.stdin.flush()
            assert reader.stdout.readline() == f"{load}\n"
        reader.stdin.close()


def test_processes_are_listed_on_their_gpu(nvml, driver):
    processes = [GPUProcess(2, 4242, 3 * GIB), GPUProcess(2, 4243, GIB)]
    driver.state_file.update(lambda state: state.with_processes(2, processes))
    found = nvml.read(
        "[[[p.pid, p.usedGpuMemory] for p in nvmlDeviceGetComputeRunningProcesses(gpu)]"
        " for gpu in gpus]"
    )
    assert found == [[], [], [[4242, 3 * GIB], [4243, GIB]], []]
    assert nvml.read("nvmlDeviceGetGraphicsRunningProcesses(gpus[2])") == []


def test_a_lost_gpu_has_a_name_but_no_figures(nvml, driver):
    driver.state_file.update(lambda state: state.with_gpu(3, GPUState(lost=True)))
    assert nvml.read("nvmlDeviceGetName(gpus[3])") == "NVIDIA H200 Simulated"
    output = nvml.run(
        "from pynvml import *; nvmlInit(); gpu = nvmlDeviceGetHandleByIndex(3)\n"
        "for ask in (nvmlDeviceGetMemoryInfo, nvmlDeviceGetComputeRunningProcesses):\n"
        "    try: print(ask(gpu))\n"
        "    except NVMLError_GpuIsLost: print('lost')\n"
    )
    assert output == "lost\nlost\n"

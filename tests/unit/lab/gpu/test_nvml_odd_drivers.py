"""What the reader makes of drivers that answer in part, otherwise, or not at all."""

from types import SimpleNamespace

import pynvml
import pytest
from gpucommons_contract import (
    GPU,
    GPUMemory,
    GPUProcess,
    TelemetryState,
    Throttle,
)
from gpucommons_lab.gpu.nvml import NVMLReader
from gpucommons_lab.gpu.nvml_device import throttles

GIB = 2**30


@pytest.fixture
def nvml(monkeypatch):
    """NVML with one GPU that answers what real hardware would, and knows nothing else."""

    def answer(name, value):
        def call(*_arguments, **_options):
            if isinstance(value, int) and name in errors:
                raise pynvml.NVMLError(value)
            return value

        monkeypatch.setattr(pynvml, name, call)

    def fail(name, code):
        errors.add(name)
        answer(name, code)

    def mend(name, value):
        errors.discard(name)
        answer(name, value)

    errors: set[str] = set()
    for name, value in {
        "nvmlInit": None,
        "nvmlShutdown": None,
        "nvmlDeviceGetCount": 1,
        "nvmlDeviceGetHandleByIndex": "handle",
        "nvmlDeviceGetUUID": "GPU-0",
        "nvmlDeviceGetName": "NVIDIA Jetson",
    }.items():
        answer(name, value)
    for name in (
        "nvmlDeviceGetUtilizationRates",
        "nvmlDeviceGetMemoryInfo",
        "nvmlDeviceGetPowerUsage",
        "nvmlDeviceGetEnforcedPowerLimit",
        "nvmlDeviceGetTemperature",
        "nvmlDeviceGetComputeRunningProcesses",
        "nvmlDeviceGetMigMode",
        "nvmlDeviceGetClockInfo",
        "nvmlDeviceGetMaxClockInfo",
        "nvmlDeviceGetCurrentClocksEventReasons",
        "nvmlDeviceGetCurrentClocksThrottleReasons",
        "nvmlDeviceGetTotalEccErrors",
        "nvmlDeviceGetMPSComputeRunningProcesses",
        "nvmlDeviceGetPcieThroughput",
        "nvmlDeviceGetFieldValues",
    ):
        fail(name, pynvml.NVML_ERROR_NOT_SUPPORTED)
    answer.fail, answer.mend = fail, mend
    return answer


def test_figures_that_the_driver_does_not_support_are_left_out(nvml):
    reading = NVMLReader(expected=True).read()
    assert reading.state is TelemetryState.OK
    assert reading.gpus == (GPU(index=0, uuid="GPU-0", name="NVIDIA Jetson"),)


def test_a_driver_that_knows_only_the_old_memory_call_is_read_by_it(nvml, monkeypatch):
    def memory(_handle, version=None):
        if version:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_FUNCTION_NOT_FOUND)
        return SimpleNamespace(used=1 * GIB, total=2 * GIB)

    monkeypatch.setattr(pynvml, "nvmlDeviceGetMemoryInfo", memory)
    reading = NVMLReader(expected=True).read()
    assert reading.gpus[0].memory == GPUMemory(used=1 * GIB, total=2 * GIB)


def test_clients_of_mps_are_listed_beside_its_server_and_once(nvml):
    server, client = (SimpleNamespace(pid=pid, usedGpuMemory=pid) for pid in (7, 8))
    nvml("nvmlDeviceGetComputeRunningProcesses", [server, client])
    nvml.mend("nvmlDeviceGetMPSComputeRunningProcesses", [client])
    processes = NVMLReader(expected=True).read().gpus[0].processes
    assert processes == (GPUProcess(7, 7), GPUProcess(8, 8))


@pytest.mark.parametrize(
    ("reasons", "told"),
    [
        (0x0, ()),
        (0x1, ()),  # idle
        (0x4, (Throttle.POWER,)),
        (0x20, (Throttle.THERMAL,)),
        (0x8, (Throttle.HARDWARE,)),
        (0x8 | 0x40, (Throttle.THERMAL,)),
        (0x8 | 0x80, (Throttle.HARDWARE,)),
        (0x2, (Throttle.SETTING,)),
        (0x10, (Throttle.SETTING,)),
        (0x100, (Throttle.SETTING,)),
        (0x4 | 0x20 | 0x80 | 0x2, tuple(Throttle)),
        (1 << 40, ()),  # of a driver to come
    ],
)
def test_reasons_of_a_low_clock_are_told_in_words(reasons, told):
    assert throttles(reasons) == told


def test_a_driver_that_knows_the_reasons_by_their_old_name_is_asked_by_it(nvml):
    nvml.fail("nvmlDeviceGetCurrentClocksEventReasons", pynvml.NVML_ERROR_FUNCTION_NOT_FOUND)
    nvml.mend("nvmlDeviceGetCurrentClocksThrottleReasons", 0x4)
    assert NVMLReader(expected=True).read().gpus[0].throttle == (Throttle.POWER,)


def test_a_session_with_mig_slices_is_shown_these_and_not_the_whole_gpu(nvml, monkeypatch):
    slices = {1: "slice-a", 4: "slice-b"}

    def handle_of(_gpu, number):
        if number not in slices:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_FOUND)
        return slices[number]

    nvml.mend("nvmlDeviceGetMigMode", [1, 1])
    nvml("nvmlDeviceGetMaxMigDeviceCount", 7)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetMigDeviceHandleByIndex", handle_of)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetUUID", lambda handle: f"MIG-{handle}")
    monkeypatch.setattr(pynvml, "nvmlDeviceGetName", lambda _handle: "NVIDIA H200 MIG 1g.18gb")
    gpus = NVMLReader(expected=True).read().gpus
    assert [(gpu.index, gpu.uuid, gpu.mig_profile) for gpu in gpus] == [
        (0, "MIG-slice-a", "1g.18gb"),
        (1, "MIG-slice-b", "1g.18gb"),
    ]
    slices.clear()  # the administrator cut the GPU anew
    slices[0] = "slice-c"
    assert [gpu.uuid for gpu in NVMLReader(expected=True).read().gpus] == ["MIG-slice-c"]
    slices.clear()  # and gave the new slices to others
    reading = NVMLReader(expected=True).read()
    assert (reading.state, reading.gpus) == (TelemetryState.FAILED, ())
    assert reading.reason.startswith("MIG divides this GPU into slices, and none of them")


def test_slices_that_go_while_they_are_read_are_no_failure(nvml, monkeypatch):
    cut = ["old-a", "old-b"]

    def handle_of(_gpu, number):
        if number >= len(cut):
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_FOUND)
        return cut[number]

    def name_of(handle):
        if handle == "old-b":
            cut[:] = ["new"]  # between the look for the slices and the look at this one
            raise pynvml.NVMLError(pynvml.NVML_ERROR_INVALID_ARGUMENT)
        return "NVIDIA H200 MIG 1g.18gb"

    nvml.mend("nvmlDeviceGetMigMode", [1, 1])
    nvml("nvmlDeviceGetMaxMigDeviceCount", 7)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetMigDeviceHandleByIndex", handle_of)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetUUID", lambda handle: f"MIG-{handle}")
    monkeypatch.setattr(pynvml, "nvmlDeviceGetName", name_of)
    reading = NVMLReader(expected=True).read()
    assert (reading.state, reading.reason) == (TelemetryState.OK, None)
    assert [(gpu.index, gpu.uuid) for gpu in reading.gpus] == [(0, "MIG-new")]


def test_a_gpu_that_stays_invalid_is_told(nvml):
    nvml.fail("nvmlDeviceGetHandleByIndex", pynvml.NVML_ERROR_INVALID_ARGUMENT)
    reading = NVMLReader(expected=True).read()
    assert reading.reason == "GPU 0 cannot be read: NVML says: Invalid Argument."


def test_sixteen_gpus_are_read(nvml, monkeypatch):
    nvml("nvmlDeviceGetCount", 16)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", lambda number: number)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetUUID", lambda handle: f"GPU-{handle}")
    gpus = NVMLReader(expected=True).read().gpus
    assert [(gpu.index, gpu.uuid) for gpu in gpus] == [(n, f"GPU-{n}") for n in range(16)]


def test_a_process_whose_memory_is_hidden_is_still_counted(nvml):
    process = SimpleNamespace(pid=7, usedGpuMemory=None)
    nvml("nvmlDeviceGetComputeRunningProcesses", [process])
    assert NVMLReader(expected=True).read().gpus[0].processes == (GPUProcess(pid=7),)


def test_a_driver_that_lost_a_device_is_opened_anew(nvml, monkeypatch):
    opened = []
    monkeypatch.setattr(pynvml, "nvmlInit", lambda: opened.append(True))
    nvml.fail("nvmlDeviceGetPowerUsage", pynvml.NVML_ERROR_RESET_REQUIRED)
    reader = NVMLReader(expected=True)
    assert "it needs a reset" in reader.read().reason
    reader.read()
    assert len(opened) == 2


@pytest.mark.parametrize("held", [0, 3 * GIB, 2**63])
def test_memory_of_a_process_that_cannot_be_is_not_known(nvml, held):
    nvml.mend("nvmlDeviceGetMemoryInfo", SimpleNamespace(used=GIB, total=2 * GIB))
    nvml(
        "nvmlDeviceGetComputeRunningProcesses",
        [SimpleNamespace(pid=7, usedGpuMemory=held), SimpleNamespace(pid=8, usedGpuMemory=GIB)],
    )
    processes = NVMLReader(expected=True).read().gpus[0].processes
    assert processes == (GPUProcess(7, None), GPUProcess(8, GIB))


def test_who_is_on_a_gpu_is_not_known_while_the_clients_of_mps_cannot_be_listed(nvml):
    nvml("nvmlDeviceGetComputeRunningProcesses", [SimpleNamespace(pid=7, usedGpuMemory=GIB)])
    nvml.fail("nvmlDeviceGetMPSComputeRunningProcesses", pynvml.NVML_ERROR_UNKNOWN)
    reading = NVMLReader(expected=True).read()
    assert (reading.state, reading.gpus[0].processes) == (TelemetryState.OK, None)


def test_figures_that_cannot_be_are_left_out(nvml):
    most = 2**32 - 1
    for name, value in {
        "nvmlDeviceGetUtilizationRates": SimpleNamespace(gpu=most),
        "nvmlDeviceGetMemoryInfo": SimpleNamespace(used=3 * GIB, total=2 * GIB),
        "nvmlDeviceGetPowerUsage": most,
        "nvmlDeviceGetEnforcedPowerLimit": 0,
        "nvmlDeviceGetTemperature": most,
        "nvmlDeviceGetClockInfo": most,
        "nvmlDeviceGetMaxClockInfo": 0,
        "nvmlDeviceGetCurrentClocksEventReasons": 2**64 - 1,
        "nvmlDeviceGetTotalEccErrors": 2**64 - 1,
        "nvmlDeviceGetPcieThroughput": most,
    }.items():
        nvml.mend(name, value)
    reader = NVMLReader(expected=True)
    reader.read()
    reader.read_at_leisure()
    assert reader.read().gpus == (GPU(index=0, uuid="GPU-0", name="NVIDIA Jetson"),)


def test_a_gpu_whose_name_is_no_text_is_read_all_the_same(nvml, monkeypatch):
    monkeypatch.setattr(pynvml, "nvmlDeviceGetName", lambda _handle: b"\xff\xfe".decode())
    reading = NVMLReader(expected=True).read()
    assert (reading.state, reading.gpus[0].name) == (TelemetryState.OK, "NVIDIA GPU")
    monkeypatch.setattr(pynvml, "nvmlDeviceGetUUID", lambda _handle: b"\xff\xfe".decode())
    assert NVMLReader(expected=True).read().reason.startswith("GPU 0 cannot be read")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (pynvml.NVML_ERROR_DRIVER_NOT_LOADED, "not loaded"),
        (pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH, "was updated under this session"),
        (pynvml.NVML_ERROR_NO_PERMISSION, "refuses"),
        (pynvml.NVML_ERROR_UNKNOWN, "NVML says: Unknown Error."),
    ],
)
def test_a_driver_that_does_not_start_says_why(nvml, code, words):
    nvml.fail("nvmlInit", code)
    reading = NVMLReader(expected=False).read()
    assert reading.state is TelemetryState.FAILED
    assert words in reading.reason


def test_a_gpu_that_was_given_and_is_not_there_is_a_failure(nvml):
    nvml("nvmlDeviceGetCount", 0)
    assert NVMLReader(expected=False).read().state is TelemetryState.NO_GPU
    assert NVMLReader(expected=True).read().state is TelemetryState.FAILED

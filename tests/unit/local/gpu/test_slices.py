"""A GPU that is cut by MIG, as NVIDIA's own Python binding reads it."""

import subprocess
import sys

import pytest
from gpucommons_local.gpu.mig import MEMORY_SLICES, PROFILES, check_cut
from gpucommons_local.gpu.state import MEMORY_TOTAL, GPUProcess, GPUState

GIB = 2**30
CUT = ("1g.18gb", "2g.35gb", "3g.71gb")
SLICES = "[nvmlDeviceGetMigDeviceHandleByIndex(gpus[0], i) for i in range(3)]"


@pytest.fixture
def slices(driver):
    """GPU 0 is busy and cut into three."""
    busy = GPUState(memory_used=80 * GIB).with_load(60)
    state = driver.state_file.update(lambda s: s.with_gpu(0, busy).with_cut(0, CUT))
    return state.slices


def ask(nvml, *questions: str) -> list[str]:
    """What NVML answers, errors too; ``gpu`` is GPU 0, ``part`` its first slice."""
    code = (
        "from pynvml import *; nvmlInit(); gpu = nvmlDeviceGetHandleByIndex(0)\n"
        "part = nvmlDeviceGetMigDeviceHandleByIndex(gpu, 0)\n"
        f"for question in {questions!r}:\n"
        "    try: print(eval(question))\n"
        "    except NVMLError as error: print(error)\n"
    )
    return nvml.run(code).splitlines()


def test_a_gpu_that_is_cut_says_so_and_the_others_answer_as_before(nvml, slices):
    assert ask(nvml, "nvmlDeviceGetMigMode(gpu)", "nvmlDeviceGetMaxMigDeviceCount(gpu)") == [
        "[1, 1]",
        "7",
    ]
    other = "nvmlDeviceGetHandleByIndex(1)"
    answers = ask(
        nvml,
        f"nvmlDeviceGetMigMode({other})",
        f"nvmlDeviceGetMaxMigDeviceCount({other})",
        f"nvmlDeviceGetMigDeviceHandleByIndex({other}, 0)",
        f"nvmlDeviceIsMigDeviceHandle({other}).value",
        f"nvmlDeviceGetGpuInstanceId({other})",
        f"nvmlDeviceGetAttributes_v2({other})",
        f"nvmlDeviceGetUtilizationRates({other}).gpu",
    )
    unknown = "Not Supported"
    assert answers == [unknown, "0", unknown, "0", unknown, unknown, "0"]


def test_each_slice_has_a_name_a_uuid_and_its_part_of_the_memory(nvml, slices):
    told = nvml.read(
        "[[nvmlDeviceGetName(s), nvmlDeviceGetUUID(s), nvmlDeviceGetMemoryInfo(s).total,"
        f" nvmlDeviceGetMemoryInfo(s).used] for s in {SLICES}]"
    )
    assert told == [
        [
            f"NVIDIA H200 Simulated MIG {each.profile}",
            each.uuid,
            MEMORY_TOTAL // MEMORY_SLICES * PROFILES[each.profile].memory,
            80 * GIB // MEMORY_SLICES * PROFILES[each.profile].memory,
        ]
        for each in slices
    ]
    assert all(each.uuid.startswith("MIG-") for each in slices)


def test_both_versions_of_the_memory_call_agree(nvml, slices):
    both = nvml.read(
        "[[m.total, m.free, m.used] for m in (lambda s: (nvmlDeviceGetMemoryInfo(s),"
        f" nvmlDeviceGetMemoryInfo(s, nvmlMemory_v2)))({SLICES}[1])]"
    )
    assert both[0] == both[1]
    assert both[0][1] + both[0][2] == both[0][0]


def test_where_there_is_no_slice_none_is_found(nvml, slices):
    answers = ask(
        nvml,
        "nvmlDeviceGetMigDeviceHandleByIndex(gpu, 3)",
        "nvmlDeviceGetMigDeviceHandleByIndex(gpu, 6)",
        "nvmlDeviceGetMigDeviceHandleByIndex(gpu, 7)",
        "nvmlDeviceGetHandleByUUID('MIG-51d00000-0000-4000-8000-000000000000')",
    )
    assert answers == ["Not Found", "Not Found", "Invalid Argument", "Not Found"]


def test_a_slice_is_found_by_its_uuid_and_leads_to_its_gpu(nvml, slices):
    places = nvml.read(
        "[[nvmlDeviceIsMigDeviceHandle(s).value, nvmlDeviceGetIndex(s),"
        " nvmlDeviceGetGpuInstanceId(s), nvmlDeviceGetComputeInstanceId(s),"
        " nvmlDeviceGetMinorNumber(nvmlDeviceGetDeviceHandleFromMigDeviceHandle(s))]"
        f" for s in map(nvmlDeviceGetHandleByUUID, {[each.uuid for each in slices]})]"
    )
    assert places == [[1, 0, 1, 0, 0], [1, 1, 2, 0, 0], [1, 2, 3, 0, 0]]


def test_the_attributes_of_a_slice_are_its_profiles(nvml, slices):
    told = nvml.read(
        "[[a.multiprocessorCount, a.gpuInstanceSliceCount, a.computeInstanceSliceCount,"
        f" a.memorySizeMB] for a in map(nvmlDeviceGetAttributes_v2, {SLICES})]"
    )
    assert told == [[16, 1, 1, 17971], [32, 2, 2, 35942], [60, 3, 3, 71885]]


def test_what_is_known_of_a_whole_gpu_only_is_not_told_of_a_slice(nvml, slices):
    questions = (
        "nvmlDeviceGetUtilizationRates(part)",
        "nvmlDeviceGetPowerUsage(part)",
        "nvmlDeviceGetEnforcedPowerLimit(part)",
        "nvmlDeviceGetTemperature(part, NVML_TEMPERATURE_GPU)",
        "nvmlDeviceGetClockInfo(part, NVML_CLOCK_SM)",
        "nvmlDeviceGetCurrentClocksEventReasons(part)",
        "nvmlDeviceGetPcieThroughput(part, NVML_PCIE_UTIL_RX_BYTES)",
        "nvmlDeviceGetMigMode(part)",
    )
    assert ask(nvml, *questions) == ["Not Supported"] * len(questions)


def test_a_gpu_that_is_cut_tells_all_but_its_load(nvml, slices):
    answers = ask(
        nvml,
        "nvmlDeviceGetUtilizationRates(gpu)",
        "nvmlDeviceGetMemoryInfo(gpu).used",
        "nvmlDeviceGetPowerUsage(gpu)",
    )
    assert answers == ["Not Supported", str(80 * GIB), "450000"]


def test_processes_are_told_of_the_gpu_and_none_of_its_slices(nvml, driver, slices):
    driver.state_file.update(lambda s: s.with_processes(0, [GPUProcess(0, 4242, GIB)]))
    answers = ask(
        nvml,
        "[p.pid for p in nvmlDeviceGetComputeRunningProcesses(gpu)]",
        "nvmlDeviceGetComputeRunningProcesses(part)",
        "nvmlDeviceGetMPSComputeRunningProcesses(part)",
    )
    assert answers == ["[4242]", "[]", "[]"]


def test_a_program_that_runs_sees_new_slices_and_then_the_whole_gpu(nvml, driver, slices):
    code = (
        "import sys; from pynvml import *; nvmlInit(); gpu = nvmlDeviceGetHandleByIndex(0)\n"
        "part = nvmlDeviceGetMigDeviceHandleByIndex(gpu, 0)\n"
        "for _ in sys.stdin:\n"
        "    try: print(nvmlDeviceGetUUID(part), flush=True)\n"
        "    except NVMLError as error: print(error, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=nvml.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:

        def told() -> str:
            program.stdin.write("read\n")
            program.stdin.flush()
            return program.stdout.readline().strip()

        assert told() == slices[0].uuid
        cut_anew = driver.state_file.update(lambda s: s.with_cut(0, CUT)).slices
        assert told() == cut_anew[0].uuid != slices[0].uuid
        driver.state_file.update(lambda s: s.with_cut(0, ()))
        assert told() == "Invalid Argument"
        program.stdin.close()


def test_of_a_lost_gpu_the_slices_tell_no_memory(nvml, driver, slices):
    driver.state_file.update(lambda s: s.with_gpu(0, GPUState(lost=True)))
    assert ask(nvml, "nvmlDeviceGetMemoryInfo(part)") == ["GPU is lost"]


@pytest.mark.parametrize(
    "cut",
    [
        ["1g.18gb"] * 7,
        ["1g.35gb"] * 4,
        ["2g.35gb"] * 3 + ["1g.18gb"],
        ["3g.71gb"] * 2,
        ["4g.71gb", "3g.71gb"],
        ["7g.141gb"],
    ],
)
def test_the_cuts_of_nvidias_guide_are_allowed_and_none_with_more(cut):
    check_cut(cut)
    with pytest.raises(ValueError, match="a GPU has 7 and 8"):
        check_cut([*cut, "1g.18gb" if len(cut) > 4 else "2g.35gb"])

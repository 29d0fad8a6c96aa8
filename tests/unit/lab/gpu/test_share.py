"""What a session may use of a GPU, from what spawner and person wrote into its environment."""

import pytest
from gpucommons_contract import GPU, GPUMemory, GPUShare, SessionVariable
from gpucommons_lab.gpu.share import share_of

GIB = 2**30
MIB = 2**20
H200 = GPU(0, "GPU-51d0", "H200", memory=GPUMemory(0, 143771 * MIB))
MODE, UNITS = SessionVariable.GPU_MODE, SessionVariable.GPU_UNITS
MEMORY, THREADS = "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT", "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE"


def share(gpus=(H200,), **environ: str) -> GPUShare | None:
    return share_of(environ, gpus)


def test_a_session_with_whole_gpus_has_no_share():
    assert share() is None
    assert share(**{MODE: "exclusive", UNITS: "1"}) is None
    assert share(**{MODE: "exclusive", UNITS: "2"}) is None


def test_turns_on_a_gpu_limit_nothing():
    assert share(**{MODE: "timeslice", UNITS: "0.25"}) is None


@pytest.mark.parametrize(
    ("units", "of", "threads"), [("0.25", 4, 25), ("0.333333", 3, 33), ("0.020833", 48, 2)]
)
def test_without_limits_of_its_own_an_mps_share_is_an_equal_part(units, of, threads):
    assert share(**{MODE: "mps", UNITS: units}) == GPUShare(143771 // of * MIB, threads)


def test_the_limits_that_the_spawner_sets_lower_it():
    limits = {MODE: "mps", UNITS: "0.25", MEMORY: "0=4G", THREADS: "10"}
    assert share(**limits) == GPUShare(4 * GIB, 10)


def test_limits_never_raise_it():
    limits = {MODE: "mps", UNITS: "0.25", MEMORY: "0=100G", THREADS: "90"}
    assert share(**limits) == share(**{MODE: "mps", UNITS: "0.25"})


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("0=4G", 4 * GIB),
        ("0=512M", 512 * MIB),
        ("0=512MB", 512 * MIB),
        ("1=2G,0=4G", 4 * GIB),
        ("GPU-51d0=3G", 3 * GIB),
        ("default=5G", 5 * GIB),
        ("6G", 6 * GIB),
        ("1=2G", None),
        ("0=much", None),
        ("", None),
    ],
)
def test_the_memory_limit_is_read_in_all_its_forms(text, limit):
    assert share(**{MEMORY: text}) == (GPUShare(memory=limit) if limit else None)


@pytest.mark.parametrize("text", ["", "all", "0", "100", "-5", "nan"])
def test_threads_without_a_limit(text):
    assert share(**{THREADS: text}) is None


def test_memory_is_left_out_where_gpus_differ_in_it():
    small = GPU(1, "GPU-2", "A30", memory=GPUMemory(0, 24 * GIB))
    assert share((H200, small), **{MODE: "mps", UNITS: "0.5"}) == GPUShare(None, 50)


def test_a_gpu_that_cannot_be_read_still_has_its_threads():
    assert share((), **{MODE: "mps", UNITS: "0.5"}) == GPUShare(None, 50)

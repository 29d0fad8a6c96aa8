"""What the reader makes of NVML, on the simulated driver."""

import json
import os
import subprocess
import sys

import pytest
from gpucommons_contract import (
    SessionVariable,
)
from gpucommons_lab.gpu.share import gpu_expected
from gpucommons_local.gpu import state

GIB = 2**30

READ_ON_DEMAND = """
import dataclasses, json, sys
from gpucommons_lab.gpu.nvml import NVMLReader
reader = NVMLReader(expected=sys.argv[1] == "expected")
for _ in sys.stdin:
    reading = reader.read()
    reader.read_at_leisure()
    gpus = [dataclasses.asdict(gpu) for gpu in reading.gpus]
    print(json.dumps([reading.state, reading.reason, gpus]), flush=True)
reader.close()
"""


class ReaderProcess:
    """The reader in a process of its own, with a driver or without."""

    def __init__(self, library_folder="", expected="unexpected") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", READ_ON_DEMAND, expected],
            env={**os.environ, "LD_LIBRARY_PATH": str(library_folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def read(self) -> tuple[str, str | None, list[dict]]:
        self._process.stdin.write("read\n")
        self._process.stdin.flush()
        return tuple(json.loads(self._process.stdout.readline()))

    def __enter__(self) -> "ReaderProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=60)
        assert self._process.returncode == 0


def test_all_figures_of_the_driver_are_read(driver):
    gpu = state.GPUState(
        80, 48, 20 * GIB, 575_500, 58, 1200, 3201, False, 0x20, 2, 1_200_000, 300_000
    )
    process = state.GPUProcess(1, 4242, 3 * GIB)
    driver.state_file.update(lambda s: s.with_gpu(1, gpu).with_processes(1, [process]))
    with ReaderProcess(driver.library_folder) as reader:
        for _ in range(3):  # traffic is read at leisure, one GPU after the other
            told, reason, gpus = reader.read()
    assert (told, reason, len(gpus)) == ("ok", None, 4)
    assert gpus[1].pop("uuid").startswith("GPU-")
    assert gpus[1] == {
        "index": 1,
        "name": "NVIDIA H200 Simulated",
        "utilization": 80,
        "memory": {"used": 20 * GIB, "total": state.MEMORY_TOTAL, "mine": None},
        "power": 575.5,
        "power_limit": 700.0,
        "temperature": 58,
        "processes": [{"pid": 4242, "memory": 3 * GIB, "holder": None}],
        "clock": 1200,
        "clock_limit": 1980,
        "throttle": ["thermal"],
        "ecc_errors": 2,
        "pcie": {"received": 1_200_000_000, "sent": 300_000_000},
        "nvlink": None,
        "mig_profile": None,
        "peak": None,
        "simulated": True,
    }


def test_a_lost_gpu_is_told_beside_the_others_and_comes_back(driver):
    with ReaderProcess(driver.library_folder) as reader:
        driver.state_file.update(lambda s: s.with_gpu(2, state.GPUState(lost=True)))
        told, reason, gpus = reader.read()
        assert told == "failed"
        assert reason.startswith("GPU 2 cannot be read: it fell off the bus.")
        assert [gpu["index"] for gpu in gpus] == [0, 1, 3]
        driver.state_file.update(lambda s: s.reset())
        assert reader.read()[0] == "ok"


def test_a_session_follows_when_its_gpu_is_cut_and_made_whole(driver):
    used = state.GPUState(memory_used=80 * GIB).with_load(60)
    driver.state_file.update(lambda s: s.with_gpu(1, used))
    with ReaderProcess(driver.library_folder) as reader:
        whole = reader.read()
        cut = driver.state_file.update(lambda s: s.with_cut(1, ["1g.18gb", "2g.35gb"]))
        sliced = reader.read()
        driver.state_file.update(lambda s: s.with_cut(1, ()))
        again = reader.read()
    assert [told for told, _, _ in (whole, sliced, again)] == ["ok"] * 3
    assert [gpu["mig_profile"] for gpu in sliced[2]] == [None, "1g.18gb", "2g.35gb", None, None]
    assert [gpu["index"] for gpu in sliced[2]] == [0, 1, 2, 3, 4]
    first = sliced[2][1]
    assert first["uuid"] == cut.slices[0].uuid
    assert first["name"] == "NVIDIA H200 Simulated MIG 1g.18gb"
    assert first["memory"] == {"used": 10 * GIB, "total": state.MEMORY_TOTAL // 8, "mine": None}
    untold = ("utilization", "power", "temperature", "clock", "throttle", "ecc_errors", "pcie")
    assert {name: first[name] for name in untold} == dict.fromkeys(untold)
    assert [gpu["uuid"] for gpu in again[2]] == [gpu["uuid"] for gpu in whole[2]]
    assert again[2][1]["utilization"] == 60


def test_without_a_driver_there_is_no_gpu_unless_one_was_given():
    with ReaderProcess() as reader:
        assert reader.read()[0] == "no-gpu"
    with ReaderProcess(expected="expected") as reader:
        told, reason, _ = reader.read()
    assert told == "failed"
    assert "libnvidia-ml.so.1 is missing" in reason


def test_a_server_starts_without_touching_the_driver_or_loading_pydantic():
    code = "import sys, gpucommons_lab.extension; print(*sys.modules)"
    modules = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert "gpucommons_lab.gpu.sampler" in modules
    assert not {"pynvml", "pydantic"} & set(modules)


@pytest.mark.parametrize(
    ("units", "devices", "expected"),
    [
        ("1", [], True),
        ("0.25", [], True),
        ("0", ["nvidia0"], False),
        ("", ["nvidia0", "nvidiactl"], True),
        ("", ["nvidiactl"], False),
        ("", [], False),
    ],
)
def test_the_spawners_word_counts_before_device_files(tmp_path, units, devices, expected):
    for name in devices:
        (tmp_path / name).touch()
    environment = {SessionVariable.GPU_UNITS: units, "NVIDIA_VISIBLE_DEVICES": "all"}
    assert gpu_expected(environment, tmp_path) is expected

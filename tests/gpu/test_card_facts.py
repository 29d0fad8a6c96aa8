"""What a real card and its driver do that the platform rests on, written down with the driver.

The facts go to ``build/gpu-facts/DRIVER-DATE.json``, or into the folder that GPUCOMMONS_FACTS
names. On a lent machine: ``GPUCOMMONS_FACTS=$OUT pytest -q tests/gpu``. No setting of the card is
changed. Pausing programs is tried only with GPUCOMMONS_TRY_CHECKPOINT=1: on some drivers it can
hang the machine.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from gpucommons_lab.gpu.nvml import NVMLReader
from gpucommons_lab.processes.own_processes import NOT_OURS
from gpucommons_lab.processes.process_source import is_before_translation

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
_IN_A_NAMESPACE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
_PYTHON = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
"""One that other accounts can run too."""
_MIB = 512
_OUT_OF_MEMORY = 2  # CUDA_ERROR_OUT_OF_MEMORY
_OTHER_UID = 65534
_MPS = "nvidia-cuda-mps-control"

pytestmark = pytest.mark.skipif(
    shutil.which("nvidia-smi") is None, reason="needs a machine with an NVIDIA GPU and its driver"
)

# A session in a namespace of its own, with a program: what NVML lists there, and for whose we take
# it. Its arguments are how to start the program.
_ASK = """
import json, os, subprocess, sys
import pynvml
from gpucommons_lab.processes.process_source import own_processes
with subprocess.Popen(
    sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
) as program:
    said = program.stdout.readline().split()
    pynvml.nvmlInit()
    gpu = pynvml.nvmlDeviceGetHandleByIndex(0)
    found = pynvml.nvmlDeviceGetComputeRunningProcesses(gpu)
    own, listed = own_processes({}), [p.pid for p in found]
    own.look(listed)
    taken = [own.here(pid) for pid in listed]
    memory = [p.usedGpuMemory for p in found]
    program.communicate()
print(json.dumps({"own": said, "listed": listed, "memory": memory, "taken_for": taken}))
"""


@pytest.fixture(scope="module")
def facts() -> Iterator[dict[str, object]]:
    """What is found out, kept when all is done."""
    found: dict[str, object] = {}
    yield found
    driver = _smi("driver_version", "name")
    now = datetime.now(UTC)
    folder = Path(os.environ.get("GPUCOMMONS_FACTS", REPOSITORY / "build/gpu-facts"))
    folder.mkdir(parents=True, exist_ok=True)
    said = {"driver": driver[0], "gpu": driver[1], "date": f"{now:%Y-%m-%d}", **found}
    (folder / f"{driver[0]}-{now:%Y-%m-%d}.json").write_text(json.dumps(said, indent=2) + "\n")


def _smi(*fields: str) -> list[str]:
    command = ["nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"]
    first = subprocess.check_output(command, text=True).splitlines()[0]
    return [cell.strip() for cell in first.split(",")]


def _command(mib: int) -> list[str]:
    return [_PYTHON, "-c", (HERE / "cuda_program.py").read_text(), str(mib)]


@contextmanager
def _program(mib: int, *before: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Run a program that holds memory; its first line says whether it does."""
    with subprocess.Popen(
        [*before, *_command(mib)],
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        yield program
        program.communicate()  # ends with its input: a program that was paused must not be killed


def _said(program: subprocess.Popen[str]) -> list[str]:
    assert program.stdout
    return program.stdout.readline().split()


def _rate(*programs: subprocess.Popen[str]) -> list[float]:
    for program in programs:
        assert program.stdin
        program.stdin.write("go\n")
        program.stdin.flush()
    return [float(_said(program)[0]) for program in programs]


def test_a_session_in_a_namespace_takes_its_own_program_for_nobody_elses(facts):
    command = [*_IN_A_NAMESPACE, sys.executable, "-c", _ASK, *_command(_MIB)]
    with _program(_MIB) as foreign:
        assert _said(foreign)[0] == "ready"
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
    if result.returncode:
        pytest.skip(f"no PID namespace can be made here: {result.stderr}")
    told = json.loads(result.stdout)
    facts["in_a_namespace"] = {"foreign": foreign.pid, **told}
    assert told["own"][0] == "ready"
    assert NOT_OURS not in told["taken_for"]
    if not is_before_translation(_smi("driver_version")[0]):
        assert int(told["own"][1]) in told["listed"]
        assert foreign.pid not in told["listed"]


def test_figures_are_those_of_nvidia_smi_while_a_program_works(facts):
    with _program(_MIB) as program:
        assert _said(program)[0] == "ready"
        _rate(program)
        gpu = NVMLReader(expected=True).read().gpus[0]
        theirs = _smi("memory.used", "temperature.gpu", "power.draw", "utilization.gpu")
    told = [gpu.memory and gpu.memory.used >> 20, gpu.temperature, gpu.power, gpu.utilization]
    facts["figures"] = {"ours": told, "nvidia_smi": theirs}
    assert abs(int(told[0] or 0) - int(theirs[0])) < 2 * _MIB
    assert abs(int(told[1] or 0) - int(theirs[1])) <= 5


@pytest.fixture
def mps(tmp_path) -> Iterator[dict[str, str]]:
    """A daemon of MPS of its own; gives the environment of its clients."""
    if shutil.which(_MPS) is None:
        pytest.skip(f"{_MPS} is not installed here")
    environment = {
        "CUDA_MPS_PIPE_DIRECTORY": str(tmp_path),
        "CUDA_MPS_LOG_DIRECTORY": str(tmp_path),
    }
    subprocess.run([_MPS, "-d"], env=os.environ | environment, check=True, timeout=30)
    yield environment
    subprocess.run(
        [_MPS], env=os.environ | environment, input="quit\n", text=True, check=True, timeout=60
    )


def test_mps_keeps_a_client_to_its_memory_and_shares_the_work(facts, mps):
    limited = mps | {"CUDA_MPS_PINNED_DEVICE_MEM_LIMIT": "0=2G"}
    with _program(4096, **limited) as greedy:
        refused = _said(greedy)
    with _program(_MIB, **limited) as one, _program(_MIB, **limited) as two:
        begun = [_said(one)[0], _said(two)[0]]
        facts["mps"] = {
            "four_gib_of_two": refused,
            "two_clients": begun,
            "alone_gb_s": _rate(one),
            "together_gb_s": _rate(one, two),
        }
    assert refused == ["failed", str(_OUT_OF_MEMORY)]
    assert begun == ["ready", "ready"]


_ACCOUNTS = {
    "root": (),
    "same account": ("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"),
    "same account, without rights": (
        *("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"),
        *("--no-new-privs", "--bounding-set=-all"),
    ),
    "another account": ("setpriv", f"--reuid={_OTHER_UID}", "--clear-groups", "--no-new-privs"),
}


@pytest.mark.parametrize("account", _ACCOUNTS)
def test_who_may_pause_a_program_is_written_down(facts, account):
    if os.environ.get("GPUCOMMONS_TRY_CHECKPOINT") != "1":
        pytest.skip("set GPUCOMMONS_TRY_CHECKPOINT=1 where a machine that hangs harms nobody")
    if os.geteuid() != 0:
        pytest.skip("only root can run programs under other accounts")
    with _program(_MIB, *_ACCOUNTS["same account"]) as program:
        ready, pid = _said(program)
        assert ready == "ready"
        script = (HERE / "checkpoint.py").read_text()
        command = [*_ACCOUNTS[account], _PYTHON, "-c", script, pid]
        told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        works = _rate(program)[0] > 0
    rights = facts.setdefault("may_pause", {})
    assert isinstance(rights, dict)
    rights[account] = json.loads(told.stdout or "null") or told.stderr[-500:]
    assert works
    if account == "another account":
        assert not told.stdout or json.loads(told.stdout)["Lock"] != 0

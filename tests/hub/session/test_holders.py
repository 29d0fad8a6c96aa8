"""Whose the processes on a GPU are: plain cases, and a real server with kernels and terminals."""

import os
import subprocess
import time
from pathlib import Path

import pytest
from gpucommons_contract import (
    GPU,
    Endpoint,
    GPUHolder,
    GPUMemory,
    GPUProcess,
    HolderKind,
    TelemetryFrame,
)
from gpucommons_lab.processes.gpu_holders import GPUHolders
from gpucommons_lab.processes.kernel_pids import Origin
from gpucommons_lab.processes.own_processes import NOT_OURS, pids_are_the_hosts
from gpucommons_local.gpu import state
from pydantic import TypeAdapter

from .conftest import Session

GIB = 2**30
FRAME = TypeAdapter(TelemetryFrame)
KERNEL = Origin(HolderKind.KERNEL, "a-kernel")


class Translated:
    """PIDs here by NVML's."""

    def __init__(self, known: dict[int, int]) -> None:
        self.known = known
        self.asked: list[set[int]] = []

    def here(self, pid):
        return self.known.get(pid)

    def look(self, pids):
        self.asked.append(set(pids))


def gpu(*processes: GPUProcess) -> GPU:
    memory = GPUMemory(used=9, total=10)
    return GPU(index=0, uuid="GPU-0", name="A GPU", memory=memory, processes=processes)


def until_it_runs(child: subprocess.Popen[bytes], program: str) -> None:
    """Wait until the program is loaded: until then it has the name of who started it."""
    end = time.monotonic() + 120
    while Path(f"/proc/{child.pid}/comm").read_text().strip() != program:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_process_is_its_kernels_by_the_pid_here_and_not_by_nvmls():
    with subprocess.Popen(["sleep", "60"]) as child:
        until_it_runs(child, "sleep")
        own = Translated({700: child.pid, os.getpid(): NOT_OURS})
        holders = GPUHolders(own, lambda: {os.getpid(): KERNEL})
        (told,) = holders.add((gpu(GPUProcess(700, 5), GPUProcess(os.getpid(), 3)),))
        child.kill()
    mine, other = told.processes
    assert mine.holder == GPUHolder(HolderKind.KERNEL, "a-kernel", child.pid, "sleep")
    assert other.holder is None
    assert told.memory.mine == 5


def test_what_descends_from_no_kernel_is_something_else_of_the_session():
    holders = GPUHolders(Translated({700: os.getpid()}), dict)
    (told,) = holders.add((gpu(GPUProcess(700, 5)),))
    assert (told.processes[0].holder.kind, told.processes[0].holder.id) == (HolderKind.OTHER, None)


@pytest.mark.parametrize(
    ("known", "memory", "mine"),
    [
        ({}, 5, None),  # nobody knows whose it is
        ({700: os.getpid()}, None, None),  # the driver hides how much it holds
        ({700: os.getpid()}, 0, None),  # or says 0, as some do for what they do not know
        ({700: NOT_OURS}, None, 0),
    ],
)
def test_what_cannot_be_told_is_not_told(known, memory, mine):
    (told,) = GPUHolders(Translated(known), dict).add((gpu(GPUProcess(700, memory)),))
    assert told.memory.mine is mine


def test_without_processes_of_ours_kernels_are_not_asked_for():
    def never():
        raise AssertionError

    own = Translated({700: NOT_OURS})
    holders = GPUHolders(own, never)
    holders.add((gpu(GPUProcess(700, 5)), gpu(GPUProcess(701, 5))))
    holders.look()
    assert own.asked == [{700, 701}]


@pytest.fixture
def session(built_driver, tmp_path):
    """A server with terminals, which reads ten times a second."""
    options = ("--GPUCommonsLab.interval=0.1", "--GPUCommonsLab.background_interval=0")
    shell = {"SHELL": "/bin/bash"}  # a program whose name the test knows
    session = Session(tmp_path, built_driver, *options, environment=shell, terminals=True)
    session.wait()
    yield session
    session.close()
    assert "Reading the GPUs failed" not in session.log


@pytest.mark.skipif(not pids_are_the_hosts(), reason="needs the host's PID namespace")
def test_a_server_tells_kernels_terminals_and_others_apart(session, driver):
    kernel = session.client.post("/api/kernels", json={"name": "python3"}).json()["id"]
    terminal = session.client.post("/api/terminals").json()["name"]
    known = {"python": HolderKind.KERNEL, "bash": HolderKind.TERMINAL, "sh": HolderKind.TERMINAL}
    children = _children(session, 2)
    processes = [
        *(state.GPUProcess(0, pid, (n + 1) * GIB) for n, pid in enumerate(children)),
        state.GPUProcess(0, session.process.pid, 4 * GIB),
        state.GPUProcess(0, os.getpid(), 8 * GIB),
    ]
    driver.state_file.update(lambda s: s.with_processes(0, processes))
    frame = FRAME.validate_json(session.client.get(f"/{Endpoint.SESSION_GPUS}").text)
    told = frame.gpus[0]
    holders = {each.pid: each.holder for each in told.processes}
    assert {(h.kind, h.id) for pid in children if (h := holders[pid])} == {
        (HolderKind.KERNEL, kernel),
        (HolderKind.TERMINAL, terminal),
    }
    for pid in children:
        assert holders[pid].kind is known[holders[pid].program.rstrip("3.0124")]
        assert holders[pid].pid == pid
    assert holders[session.process.pid].kind is HolderKind.OTHER
    assert holders[os.getpid()] is None
    assert told.memory.mine == 7 * GIB


def _children(session: Session, count: int) -> list[int]:
    """Wait until the server has started so many; a kernel's is made a moment after its answer."""
    tasks = Path(f"/proc/{session.process.pid}/task")
    end = time.monotonic() + 120
    while time.monotonic() < end:
        lists = [(task / "children").read_text() for task in tasks.iterdir()]
        found = [int(child) for text in lists for child in text.split()]
        if len(found) == count:
            return found
        time.sleep(0.05)
    raise AssertionError(session.log)

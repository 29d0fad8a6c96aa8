"""A session in a PID namespace of its own, on drivers of each kind: its work is its own."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from gpucommons_contract import SessionVariable
from gpucommons_local.gpu.driver import DriverRoot
from gpucommons_local.gpu.namespaces import process_on
from gpucommons_local.gpu.state import PROCESS_MEMORY, GPUProcess, GPUState
from gpucommons_node import AgentServer, PodTable, ProcessScan

from tests.waiting import until

CONTAINER = "a" * 64
GIB = 2**30
_IN_A_NAMESPACE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
# What a session's server does, a reading for each line, with a child that is its kernel.
_SERVER = """
import json, os, subprocess, sys
from gpucommons_lab.gpu.work import GPUWork
from gpucommons_lab.processes.gpu_holders import GPUHolders
from gpucommons_lab.gpu.nvml import NVMLReader
from gpucommons_lab.processes.kernel_pids import Origin
from gpucommons_lab.processes.process_source import own_processes
from gpucommons_contract import HolderKind
kernel = subprocess.Popen(["sleep", "600"])
origins = {kernel.pid: Origin(HolderKind.KERNEL, "train")}
reader = NVMLReader(expected=True, holders=GPUHolders(own_processes(os.environ), lambda: origins))
now, work = [0.0], None
work = GPUWork(lambda: now[0])
print(json.dumps([os.getpid(), kernel.pid]), flush=True)
for _ in sys.stdin:
    now[0] += 10
    reading = reader.read()
    work.add(reading, 10)
    reader.read_at_leisure()
    gpu, known = reading.gpus[0], work.until_now(None)
    holders = [each.holder and each.holder.id for each in gpu.processes or ()]
    print(json.dumps([gpu.memory.mine, holders, known and known.last]), flush=True)
kernel.kill()
"""


class NodeAgent:
    """The real agent, for one container whose processes are given."""

    def __init__(self) -> None:
        self.pids: dict[int, int] = {}
        pods = PodTable()
        pods.replace([_POD])
        scan = ProcessScan(lambda: {CONTAINER: self.pids})
        self._server = AgentServer(("127.0.0.1", 0), pods, scan)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


_POD = {
    "metadata": {"uid": "1"},
    "spec": {},
    "status": {
        "phase": "Running",
        "podIPs": [{"ip": "127.0.0.1"}],
        "containerStatuses": [{"name": "notebook", "containerID": f"containerd://{CONTAINER}"}],
    },
}


class Pod:
    """A session in a namespace; ``kernel`` is the machine's PID of its kernel."""

    def __init__(self, driver: DriverRoot, agent: NodeAgent | None) -> None:
        environ = {**os.environ, "LD_LIBRARY_PATH": str(driver.library_folder)}
        if agent:
            environ[SessionVariable.GPU_PROCESSES_URL] = agent.url
        self.process = subprocess.Popen(
            [*_IN_A_NAMESPACE, sys.executable, "-c", _SERVER],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        first = self.process.stdout.readline()
        if not first:
            pytest.skip(f"no PID namespace can be made here: {self.process.stderr.read()}")
        self.inside: list[int] = json.loads(first)
        self.server = _child(self.process.pid)
        self.kernel = _child(self.server)

    def read(self) -> list:
        """What it holds, whose the listed processes are, and how long ago work was seen."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        self.process.communicate(timeout=120)


def _child(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


@pytest.fixture
def agent() -> Iterator[NodeAgent]:
    agent = NodeAgent()
    yield agent
    agent.close()


@pytest.fixture(params=[True, False], ids=["agent", "no-agent"])
def pod(request, driver, agent) -> Iterator[Pod]:
    pod = Pod(driver, agent if request.param else None)
    agent.pids = dict(zip((pod.server, pod.kernel), pod.inside, strict=True))
    yield pod
    pod.close()


@pytest.mark.parametrize(("told", "mine"), [("told", 8 * GIB), ("zero", None), ("hidden", None)])
def test_a_job_at_full_load_is_this_sessions_on_a_driver_that_translates(driver, pod, told, mine):
    busy = GPUState(memory_used=8 * GIB, translates=True, process_memory=PROCESS_MEMORY[told])
    processes = [process_on(0, pod.kernel, 8 * GIB), process_on(0, os.getpid(), GIB)]
    state = busy.with_load(100)
    driver.state_file.update(lambda s: s.with_gpu(0, state).with_processes(0, processes))
    for _ in range(3):
        assert pod.read() == [mine, ["train"], 0]


def test_a_job_on_a_driver_that_gives_the_nodes_numbers_is_never_taken_for_anothers(driver, pod):
    busy = GPUState(memory_used=8 * GIB).with_load(100)
    processes = [GPUProcess(0, pod.kernel, 8 * GIB), GPUProcess(0, os.getpid(), GIB)]
    driver.state_file.update(lambda s: s.with_gpu(0, busy).with_processes(0, processes))
    assert [pod.read()[2] for _ in range(3)] == [0, 0, 0]


def test_with_an_agent_others_work_alone_keeps_nobody_where_the_nodes_numbers_are_listed(
    driver, agent
):
    busy = GPUState(memory_used=8 * GIB).with_load(100)
    others = [GPUProcess(0, os.getpid(), 8 * GIB)]
    driver.state_file.update(lambda s: s.with_gpu(0, busy).with_processes(0, others))
    pod = Pod(driver, agent)
    agent.pids = dict(zip((pod.server, pod.kernel), pod.inside, strict=True))
    try:
        assert pod.read() == [None, [None], 0]
        until(lambda: pod.read()[0] == 0)  # told twice, some seconds apart
        worked = pod.read()[2]
        assert pod.read()[2] == worked + 10
    finally:
        pod.close()

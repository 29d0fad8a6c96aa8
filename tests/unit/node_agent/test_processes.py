"""What the agent reads of processes: written files, and a real PID namespace."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from gpucommons_node import ProcessScan, processes_by_container
from gpucommons_node.processes import pid_inside

ONE, TWO = "1" * 64, "2" * 64


def process(proc: Path, pid: int, cgroup: str, nspid: str) -> None:
    (proc / str(pid)).mkdir()
    (proc / str(pid) / "cgroup").write_text(cgroup)
    (proc / str(pid) / "status").write_text(f"Name:\tpython\nNSpid:\t{nspid}\nVmRSS:\t7 kB\n")


def test_processes_are_told_by_their_container_whatever_the_driver_of_cgroups(tmp_path):
    process(tmp_path, 100, f"9:pids:/kubepods/burstable/pod1a-2b/{ONE}\n0::/\n", "100\t1")
    process(
        tmp_path,
        101,
        f"0::/../../kubepods-pod1a_2b.slice/cri-containerd-{ONE}.scope\n",
        "101 17 3",  # in a namespace that the session made
    )
    process(tmp_path, 102, f"0::/kubepods.slice/kubepods-pod3.slice/crio-{TWO}.scope/x\n", "102 1")
    process(tmp_path, 103, f"0::/kubepods/pod4/{TWO}\n", "103")  # with hostPID
    process(tmp_path, 104, "0::/system.slice/sshd.service\n", "104")
    process(tmp_path, 105, f"0::/{TWO}0\n", "105 1")  # longer than an ID
    (tmp_path / "106").mkdir()  # ended while it was looked at
    (tmp_path / "meminfo").write_text("")
    assert processes_by_container(tmp_path) == {ONE: {100: 1, 101: 17}, TWO: {102: 1}}


def test_the_pid_inside_a_real_namespace_is_read():
    command = ["unshare", "--pid", "--fork", "--kill-child", "sleep", "60"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as parent:
        try:
            child = _child(parent)
            if child is None:
                pytest.skip(f"no PID namespace can be made here: {parent.stderr.read().decode()}")
            assert pid_inside(Path(f"/proc/{child}/status").read_text()) == 1
            outside = Path(f"/proc/{os.getpid()}/status").read_text()
            assert pid_inside(outside) is None or len(_nspid(outside)) > 1
        finally:
            parent.send_signal(signal.SIGKILL)


def _nspid(status: str) -> list[str]:
    return next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[1:]


def _child(parent: subprocess.Popen) -> int | None:
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    while parent.poll() is None:
        if found := children.read_text().split():
            return int(found[0])
        time.sleep(0.01)
    return None


def test_however_many_ask_processes_are_looked_at_once_a_second():
    now, looks = [0.0], []

    def scan():
        looks.append(now[0])
        return {ONE: {100: len(looks)}}

    processes = ProcessScan(scan, lambda: now[0])
    assert [processes.of(ONE), processes.of(ONE), processes.of(TWO)] == [{100: 1}, {100: 1}, {}]
    now[0] = 1.5
    assert processes.of(ONE) == {100: 2}
    assert len(looks) == 2

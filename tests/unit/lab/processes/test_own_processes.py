"""Which processes are this session's, and where that can be told at all."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
from gpucommons_lab.processes.own_processes import (
    NOT_OURS,
    HostProcesses,
    UnknownProcesses,
    lineage,
    pids_are_the_hosts,
    program,
)


def proc(folder, parents: dict[int, int]):
    for pid, parent in parents.items():
        (folder / str(pid)).mkdir()
        (folder / str(pid) / "stat").write_text(f"{pid} (a) b (c)) S {parent} {pid} 0 -1\n")
    return folder


def test_kernels_and_what_they_start_are_own_and_others_are_not(tmp_path):
    own = HostProcesses(10, proc(tmp_path, {10: 1, 11: 10, 12: 11, 20: 1, 21: 20}))
    assert [own.here(pid) for pid in (10, 11, 12)] == [10, 11, 12]
    assert [own.here(pid) for pid in (20, 21, 99)] == [NOT_OURS] * 3


def test_pids_that_were_used_again_lead_nowhere(tmp_path):
    folder = proc(tmp_path, {11: 12, 12: 11})
    assert set(lineage(11, folder)) == {11, 12}
    assert HostProcesses(10, folder).here(11) == NOT_OURS


def test_what_a_terminal_left_behind_is_nobodys_for_certain(tmp_path):
    own = HostProcesses(10, proc(tmp_path, {9: 1, 10: 9, 20: 1, 30: 1}))
    for pid, group in ((9, "0::/lab"), (10, "0::/lab"), (20, "0::/lab"), (30, "0::/other")):
        (tmp_path / str(pid) / "cgroup").write_text(f"{group}\n")
    assert own.here(20) is None  # its parent ended, and it runs where the server does
    assert (own.here(30), own.here(9)) == (NOT_OURS, NOT_OURS)


def test_a_real_child_is_own_until_it_ends():
    command = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()  # until it is loaded it may have this program's name
        assert HostProcesses().here(child.pid) == child.pid
        assert program(child.pid).startswith("python")
        child.communicate(b"\n")
    assert HostProcesses().here(child.pid) == NOT_OURS
    assert program(child.pid) is None


def test_where_nobody_translates_pids_nothing_is_told():
    assert UnknownProcesses().here(1) is None


@pytest.mark.parametrize(("inode", "trusted"), [(0xEFFFFFFC, True), (0xF0000001, False)])
def test_pids_count_in_the_hosts_namespace_only(tmp_path, monkeypatch, inode, trusted):
    monkeypatch.setattr(type(tmp_path), "stat", lambda _path: SimpleNamespace(st_ino=inode))
    assert pids_are_the_hosts(tmp_path) is trusted


def test_without_proc_no_pid_is_trusted(tmp_path):
    assert not pids_are_the_hosts(tmp_path)

"""Whose processes are in a pod, whatever way the driver counts them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from gpucommons_lab.processes.own_processes import NOT_OURS, UnknownProcesses, proc_is_ours
from gpucommons_lab.processes.pod_processes import PodProcesses
from gpucommons_lab.processes.process_source import is_before_translation


class Node:
    """The node's word, and what it was asked about."""

    def __init__(self, known: dict[int, int]) -> None:
        self.known = known
        self.asked: list[list[int]] = []

    def here(self, pid: int) -> int | None:
        return self.known.get(pid)

    def look(self, pids) -> None:
        self.asked.append(list(pids))


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A namespace with the processes 1, 7 and 57 of this account."""
    for pid in (1, 7, 57):
        (tmp_path / str(pid)).mkdir()
    return tmp_path


def test_a_driver_that_counts_as_we_do_is_believed_and_nobody_is_asked(proc):
    node = Node({})
    pod = PodProcesses(node, proc=proc)
    pod.look([57])
    assert pod.here(57) == 57
    assert node.asked == [[]]


def test_a_process_that_runs_here_is_never_anothers_whatever_the_agent_says(proc):
    pod = PodProcesses(Node({57: NOT_OURS}), proc=proc)
    pod.look([57])
    assert pod.here(57) == 57
    old = PodProcesses(Node({57: NOT_OURS}), lambda: True, proc)
    old.look([57])
    assert old.here(57) is None


def test_the_nodes_numbers_are_translated_by_the_node(proc):
    node = Node({4242: 57, 4300: NOT_OURS})
    pod = PodProcesses(node, proc=proc)
    pod.look([4242, 4300, 4400])
    assert [pod.here(pid) for pid in (4242, 4300, 4400)] == [57, NOT_OURS, None]
    assert node.asked == [[4242, 4300, 4400]]


def test_once_the_node_knows_a_number_that_is_not_here_one_that_happens_to_be_is_not_believed(proc):
    node = Node({4242: 57})
    pod = PodProcesses(node, proc=proc)
    pod.look([4242, 7])
    assert pod.here(7) is None
    pod.look([4242, 7])
    assert node.asked[-1] == [4242, 7]
    node.known[7] = 1
    assert pod.here(7) == 1


def test_an_old_driver_gives_the_nodes_numbers_even_if_they_happen_to_be_here(proc):
    node = Node({7: 57})
    pod = PodProcesses(node, lambda: True, proc)
    pod.look([7])
    assert (node.asked, pod.here(7)) == ([[7]], 57)
    assert PodProcesses(UnknownProcesses(), lambda: True, proc).here(7) is None


def test_without_an_agent_only_what_is_here_is_told(proc):
    pod = PodProcesses(UnknownProcesses(), proc=proc)
    pod.look([57, 4242])
    assert (pod.here(57), pod.here(4242)) == (57, None)


def test_another_accounts_process_in_the_same_namespace_is_not_told(proc, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: Path("/proc/self").stat().st_uid + 1)
    pod = PodProcesses(Node({}), proc=proc)
    pod.look([57])
    assert pod.here(57) is None


def test_a_proc_of_another_namespace_is_not_looked_at(tmp_path):
    assert proc_is_ours()
    (tmp_path / "self").symlink_to("1")
    assert not proc_is_ours(tmp_path)
    # Without a /proc of its own, a namespace shows the processes of the one around it.
    code = "from gpucommons_lab.processes.own_processes import proc_is_ours; print(proc_is_ours())"
    command = ["unshare", "--pid", "--fork", sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        pytest.skip(f"no PID namespace can be made here: {result.stderr}")
    assert result.stdout == "False\n"


@pytest.mark.parametrize(
    ("version", "old"),
    [
        ("470.256.02", True),
        ("535.54.03", True),
        ("535.104.05", True),
        ("535.113.01", False),
        ("535.274.02", False),
        ("545.23.08", False),
        ("565.57.01", False),
        ("580.95.05", False),
        ("", False),
        ("N/A", False),
    ],
)
def test_only_a_version_that_is_known_to_be_old_is_doubted(version, old):
    assert is_before_translation(version) is old

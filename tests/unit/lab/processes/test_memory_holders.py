"""Who holds the memory of a session, and whose kernel has ended."""

import os
import subprocess
import sys

import pytest
from gpucommons_contract import HolderKind
from gpucommons_lab.processes.kernel_pids import Origin
from gpucommons_lab.processes.memory_holders import MemoryHolders

PAGE = os.sysconf("SC_PAGE_SIZE")
KERNEL = Origin(HolderKind.KERNEL, "k1")
NAMES = {"k1": "train.ipynb"}


def add(proc, pid: int, parent: int, pages: int, *, name: str = "python", state: str = "S") -> None:
    folder = proc / str(pid)
    folder.mkdir(exist_ok=True)
    (folder / "stat").write_text(f"{pid} (a) b) {state} {parent} {pid} 0 -1\n")
    (folder / "statm").write_text(f"9999 {pages + 7} 7 1 0 1 0\n")
    (folder / "comm").write_text(f"{name}\n")


@pytest.fixture
def proc(tmp_path):
    """A server with a kernel that has a worker, a terminal, VS Code, and others beside it."""
    (tmp_path / "self").mkdir()
    add(tmp_path, 10, 1, 50, name="jupyter-lab")
    add(tmp_path, 11, 10, 300)
    add(tmp_path, 12, 11, 100)
    add(tmp_path, 13, 10, 20, name="bash")
    add(tmp_path, 14, 10, 200, name="node")
    add(tmp_path, 15, 10, 0, name="cat")
    add(tmp_path, 20, 1, 5000, name="another")
    (tmp_path / "16").mkdir()  # it ends while it is looked at
    return tmp_path


def test_what_descends_from_the_server_is_added_up_by_what_people_know(proc):
    origins = {11: KERNEL, 13: Origin(HolderKind.TERMINAL, "1")}
    holders = MemoryHolders(lambda: origins, lambda: NAMES, proc, server=10)
    assert holders.largest() == [
        ("train.ipynb", 400 * PAGE),
        ("node", 200 * PAGE),
        ("JupyterLab", 50 * PAGE),
        ("Terminal 1", 20 * PAGE),
    ]


def test_a_kernel_without_a_name_is_told_by_its_program(proc):
    holders = MemoryHolders(lambda: {11: KERNEL}, dict, proc, server=10)
    assert holders.largest()[0] == ("python", 400 * PAGE)


@pytest.mark.parametrize("ending", ["gone", "not noticed yet"])
def test_a_kernel_that_ended_is_named(proc, ending):
    origins = {11: KERNEL, 13: Origin(HolderKind.TERMINAL, "1")}
    holders = MemoryHolders(lambda: origins, lambda: NAMES, proc, server=10)
    holders.remember()
    assert holders.ended() == []
    if ending == "gone":
        (proc / "11/stat").unlink()
    else:
        add(proc, 11, 10, 0, state="Z")
    (proc / "13/stat").unlink()  # a terminal is no kernel
    assert holders.ended() == ["train.ipynb"]


def test_a_real_process_and_its_memory_are_seen():
    program = "import sys; held = bytearray(b'x' * (64 << 20)); print(); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        holders = MemoryHolders(lambda: {process.pid: KERNEL}, lambda: NAMES)
        holders.remember()
        held = dict(holders.largest())
        process.kill()
        process.wait()
    assert held["train.ipynb"] >= 64 << 20
    assert holders.ended() == ["train.ipynb"]

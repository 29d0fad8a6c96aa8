"""What the kernel counts of a container: memory, kills and CPUs, in both versions."""

import os
from pathlib import Path

import pytest
from gpucommons_lab.health.control_group import (
    ContainerCPU,
    ContainerMemory,
    read_cpu,
    read_memory,
)

from tests.waiting import until

GIB = 2**30
MOST = 2**63 - 4096
"""What version 1 writes where there is no limit."""


def write(folder: Path, **files: str) -> Path:
    """Write files; two underscores in a name stand for its dot."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def version_2(folder: Path) -> Path:
    return write(
        folder,
        memory__events="low 0\nhigh 0\nmax 31\noom 2\noom_kill 2\noom_group_kill 0\n",
        memory__max=f"{2 * GIB}\n",
        memory__current=f"{GIB}\n",
        memory__stat="anon 5000\nfile 7000\ninactive_file 1000\nactive_file 6000\n",
        cpu__stat="usage_usec 2500000\nuser_usec 2000000\n",
        cpu__max="150000 100000\n",
    )


def version_1(folder: Path, own: str = "") -> Path:
    write(
        folder / "memory" / own,
        memory__oom_control="oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
        memory__limit_in_bytes=f"{2 * GIB}\n",
        memory__usage_in_bytes=f"{GIB}\n",
        memory__stat="inactive_file 20\ntotal_inactive_file 1000\ntotal_active_file 6000\n",
    )
    write(
        folder / "cpu" / own,
        cpuacct__usage="2500000000\n",
        cpu__cfs_quota_us="50000\n",
        cpu__cfs_period_us="100000\n",
    )
    return folder


def test_memory_and_kills_are_read_in_version_2(tmp_path):
    folder = version_2(tmp_path)
    assert read_memory(folder) == ContainerMemory(2, 2 * GIB, GIB - 7000)
    write(folder, memory__max="max\n")
    assert read_memory(folder).limit is None


def test_memory_and_kills_are_read_in_version_1(tmp_path):
    folder = version_1(tmp_path)
    assert read_memory(folder) == ContainerMemory(1, 2 * GIB, GIB - 7000)


def test_cpus_are_read_in_both_versions(tmp_path):
    assert read_cpu(version_2(tmp_path / "2")) == ContainerCPU(2.5, 1.5)
    assert read_cpu(version_1(tmp_path / "1")) == ContainerCPU(2.5, 0.5)
    write(tmp_path / "2", cpu__max="max 100000\n")
    assert read_cpu(tmp_path / "2") == ContainerCPU(2.5, None)


@pytest.mark.parametrize("own", ["", "pod/abc"])
def test_in_version_1_what_was_computed_may_be_mounted_apart(tmp_path, own):
    version_1(tmp_path, own)
    apart = write(tmp_path / "cpuacct" / own)
    (tmp_path / "cpu" / own / "cpuacct.usage").rename(apart / "cpuacct.usage")
    groups = write(tmp_path, cgroup=f"8:cpu:/{own}\n7:cpuacct:/{own}\n")
    assert read_cpu(tmp_path, groups / "cgroup") == ContainerCPU(2.5, 0.5)


def test_the_figures_of_the_node_are_never_those_of_the_session(tmp_path):
    one, two, nothing = tmp_path / "1", tmp_path / "2", tmp_path / "nothing"
    version_1(one)
    write(one / "memory", memory__limit_in_bytes=f"{MOST}\n")
    write(one / "cpu", cpu__cfs_quota_us="-1\n")
    assert read_memory(one, nothing) == ContainerMemory(1, None, None)
    assert read_cpu(one, nothing) is None
    write(two, cpu__stat="usage_usec 2500000\n")  # and no limit: the root of all groups
    assert read_memory(two, nothing) is None
    assert read_cpu(two, nothing) is None


@pytest.mark.parametrize("version", [version_1, version_2])
def test_an_own_group_without_limits_still_has_figures(tmp_path, version):
    own = write(tmp_path, cgroup="9:memory:/pod/abc\n8:cpu,cpuacct:/pod/abc\n0::/pod/abc\n")
    if version is version_1:
        version_1(tmp_path, "pod/abc")
        write(tmp_path / "memory/pod/abc", memory__limit_in_bytes=f"{MOST}\n")
        write(tmp_path / "cpu/pod/abc", cpu__cfs_quota_us="-1\n")
    else:
        folder = version_2(tmp_path / "pod/abc")
        write(folder, memory__max="max\n", cpu__max="max 100000\n")
    memory = read_memory(tmp_path, own / "cgroup")
    assert (memory.limit, memory.used) == (None, GIB - 7000)
    assert read_cpu(tmp_path, own / "cgroup") == ContainerCPU(2.5, None)


@pytest.mark.parametrize("file", ["memory.current", "memory.stat"])
@pytest.mark.parametrize("text", ["", "a lot\n", "inactive_file 1000\n", None])
def test_what_cannot_be_read_is_unknown_and_not_zero(tmp_path, file, text):
    folder = version_2(tmp_path)
    if text is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(text)
    assert read_memory(folder) == ContainerMemory(2, 2 * GIB, None)


@pytest.mark.parametrize(
    ("line", "folder"),
    [("0::/kubepods/pod1/abc", ""), ("9:cpuset,memory:/kubepods/pod1/abc", "memory")],
)
def test_where_all_groups_are_seen_it_is_the_own_one_that_counts(tmp_path, line, folder):
    own = tmp_path / "cgroup"
    own.write_text(f"4:cpu:/elsewhere\nodd\n{line}\n")
    name = "memory__oom_control" if folder else "memory__events"
    write(tmp_path / folder, **{name: "oom_kill 7\n"})
    write(tmp_path / folder / "kubepods/pod1/abc", **{name: "oom_kill 1\n"})
    assert read_memory(tmp_path, own).kills == 1
    own.write_text("0::/not/seen/here\n")
    assert read_memory(tmp_path, own).kills == 7


@pytest.mark.parametrize("text", ["", "oom_kill_disable 0\nunder_oom 0\n", "oom_kill many\n"])
def test_what_the_kernel_does_not_count_is_not_known(tmp_path, text):
    assert read_memory(tmp_path / "nothing", tmp_path / "nothing") is None
    write(tmp_path / "memory", memory__oom_control=text)
    assert read_memory(tmp_path, tmp_path / "nothing") is None


def test_the_machines_own_kernel_is_understood():
    memory = read_memory()
    if memory is None or memory.used is None:
        pytest.skip("this machine shows no group of its own for memory")
    assert memory.kills >= 0
    assert 0 < memory.used < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_the_machines_own_kernel_counts_what_is_computed():
    before = read_cpu()
    if before is None:
        pytest.skip("this machine shows no group of its own for CPUs")
    until(lambda: read_cpu().seconds > before.seconds)

"""A program that was killed because memory was full: what the kernel counts, and what is told."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from gpucommons_contract import NoticeLevel
from gpucommons_lab.health.formatting import format_bytes
from gpucommons_lab.health.memory import (
    ContainerMemory,
    MemoryKills,
    SharedMemory,
    read_memory,
    shared_memory,
)

GIB, MIB = 2**30, 2**20
AT = datetime(2026, 11, 28, 15, 20, tzinfo=UTC).timestamp()


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"memory.{name}").write_text(text)


def test_kills_limit_and_use_are_read_in_version_2(tmp_path):
    events = "low 0\nhigh 0\nmax 31\noom 2\noom_kill 2\noom_group_kill 0\n"
    write(tmp_path, events=events, max=f"{2 * GIB}\n", current="1000\n")
    assert read_memory(tmp_path) == ContainerMemory(2, 2 * GIB, 1000)
    write(tmp_path, max="max\n")
    assert read_memory(tmp_path).limit is None


def test_kills_limit_and_use_are_read_in_version_1(tmp_path):
    control = "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n"
    limit, most = f"{2 * GIB}\n", "9223372036854771712\n"
    write(tmp_path / "memory", oom_control=control, limit_in_bytes=limit, usage_in_bytes="1000\n")
    assert read_memory(tmp_path) == ContainerMemory(1, 2 * GIB, 1000)
    write(tmp_path / "memory", limit_in_bytes=most)
    assert read_memory(tmp_path).limit is None


@pytest.mark.parametrize(
    ("line", "folder"),
    [("0::/kubepods/pod1/abc", ""), ("9:cpuset,memory:/kubepods/pod1/abc", "memory")],
)
def test_where_all_groups_are_seen_it_is_the_own_one_that_counts(tmp_path, line, folder):
    own = tmp_path / "cgroup"
    own.write_text(f"4:cpu:/elsewhere\nodd\n{line}\n")
    name = "oom_control" if folder else "events"
    write(tmp_path / folder, **{name: "oom_kill 7\n"})
    write(tmp_path / folder / "kubepods/pod1/abc", **{name: "oom_kill 1\n"})
    assert read_memory(tmp_path, own).kills == 1
    own.write_text("0::/not/seen/here\n")
    assert read_memory(tmp_path, own).kills == 7


@pytest.mark.parametrize("text", ["", "oom_kill_disable 0\nunder_oom 0\n", "oom_kill many\n"])
def test_what_the_kernel_does_not_count_is_not_known(tmp_path, text):
    assert read_memory(tmp_path / "nothing", tmp_path / "nothing") is None
    write(tmp_path / "memory", oom_control=text)
    assert read_memory(tmp_path, tmp_path / "nothing") is None


class Container:
    """Memory that is read, and a clock."""

    def __init__(self, kills: int | None = 0, shared: tuple[int, int] | None = None) -> None:
        self.kills, self.now = kills, AT
        self.watch = MemoryKills(self.read, lambda: shared, lambda: self.now)

    def read(self) -> ContainerMemory | None:
        return None if self.kills is None else ContainerMemory(self.kills, 2 * GIB, GIB)


def test_a_kill_is_told_with_limit_time_and_what_to_do():
    container = Container()
    assert container.watch.look() is None
    container.kills = 1
    notice = container.watch.look()
    assert notice.level is NoticeLevel.ERROR
    assert notice.text.startswith(
        "Memory was full: A kernel or program was killed at 2026-11-28 15:20 UTC. "
        "This session may use 2.0 GiB."
    )
    assert "files are kept" in notice.text
    assert "start a session of a larger size" in notice.text
    container.now += 60
    assert container.watch.look() is notice
    container.kills = 3
    assert "3 programs were killed at 2026-11-28 15:21 UTC" in container.watch.look().text
    container.now += 3601
    assert container.watch.look() is None


def test_kills_from_before_the_server_are_not_told():
    container = Container(4)
    assert container.watch.look() is None
    container.kills = 0  # of another group from now on
    assert container.watch.look() is None
    container.kills = 1
    assert "A kernel or program" in container.watch.look().text


def test_while_kills_are_not_counted_none_is_told_and_none_is_made_up_later():
    container = Container(None)
    assert container.watch.look() is None
    container.kills = 5
    assert container.watch.look() is None
    container.kills = 6
    assert container.watch.look() is not None


def test_files_in_shared_memory_are_named_as_the_cause():
    container = Container(shared=(GIB, 2 * GIB))
    assert container.watch.look() is None
    container.kills = 1
    assert "1.0 GiB of it are files in /dev/shm" in container.watch.look().text


@pytest.mark.parametrize(
    ("shared", "told"),
    [(None, False), ((0, 0), False), ((60 * MIB, 64 * MIB), False), ((64 * MIB, 64 * MIB), True)],
)
def test_shared_memory_that_is_full_is_told_while_it_is(shared, told):
    notice = SharedMemory(lambda: shared, lambda: None).look()
    assert (notice is not None) is told
    if notice:
        assert "64 MiB of 64 MiB in /dev/shm" in notice.text


@pytest.mark.parametrize(("used", "told"), [(GIB, False), (1536 * MIB, True)])
def test_shared_memory_that_takes_the_sessions_memory_is_told(used, told):
    memory = ContainerMemory(0, 2 * GIB, used)
    notice = SharedMemory(lambda: (used, 20 * GIB), lambda: memory).look()
    assert (notice is not None) is told
    if notice:
        assert "take 1.5 GiB of the 2.0 GiB" in notice.text


def test_shared_memory_is_measured_where_there_is_some(tmp_path):
    used, total = shared_memory(tmp_path)
    assert 0 < used < total
    assert shared_memory(tmp_path / "nothing") is None


@pytest.mark.parametrize(
    ("size", "text"),
    [(7, "7 bytes"), (65536, "64 KiB"), (64 * MIB, "64 MiB"), (int(1.75 * GIB), "1.8 GiB")],
)
def test_sizes_are_written_as_people_read_them(size, text):
    assert format_bytes(size) == text

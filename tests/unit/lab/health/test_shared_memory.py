"""/dev/shm that is full, or takes what programs need."""

import pytest
from gpucommons_lab.health.control_group import ContainerMemory
from gpucommons_lab.health.shared_memory import SharedMemory, shared_memory

GIB, MIB = 2**30, 2**20


@pytest.mark.parametrize(
    ("shared", "told"),
    [(None, False), ((0, 0), False), ((60 * MIB, 64 * MIB), False), ((64 * MIB, 64 * MIB), True)],
)
def test_shared_memory_that_is_full_is_told_while_it_is(shared, told):
    notice = SharedMemory(lambda: None, lambda: shared).look()
    assert (notice is not None) is told
    if notice:
        assert "64 MiB of 64 MiB in /dev/shm" in notice.text


def test_the_sessions_memory_is_not_read_while_there_are_no_files():
    memory = ContainerMemory(0, 2 * GIB, GIB)
    read: list[int] = []
    check = SharedMemory(lambda: read.append(1) or memory, lambda: (0, 20 * GIB))
    assert check.look() is None
    assert read == []


@pytest.mark.parametrize(("used", "told"), [(GIB, False), (1536 * MIB, True)])
def test_shared_memory_that_takes_the_sessions_memory_is_told(used, told):
    memory = ContainerMemory(0, 2 * GIB, used)
    notice = SharedMemory(lambda: memory, lambda: (used, 20 * GIB)).look()
    assert (notice is not None) is told
    if notice:
        assert "take 1.5 GiB of the 2.0 GiB" in notice.text


def test_shared_memory_is_measured_where_there_is_some(tmp_path):
    used, total = shared_memory(tmp_path)
    assert total > 0
    assert 0 <= used <= total
    assert shared_memory(tmp_path / "nothing") is None

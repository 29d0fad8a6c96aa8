"""What the session uses, as it was measured last."""

import pytest
from gpucommons_contract import CPUUse, DiskUse, MemoryUse, SessionUse
from gpucommons_lab.health import session_use
from gpucommons_lab.health.session_use import SessionUseMeter

GIB = 2**30


@pytest.fixture
def groups(tmp_path):
    """A folder that plays this container's control group."""
    folder = tmp_path / "cgroup"
    folder.mkdir()
    files = {
        "memory.events": "oom_kill 0\n",
        "memory.max": f"{2 * GIB}\n",
        "memory.current": f"{GIB + 7000}\n",
        "memory.stat": "inactive_file 1000\nactive_file 6000\n",
        "cpu.max": "200000 100000\n",
        "cpu.stat": "usage_usec 1000000\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


class Meter:
    """A meter, and its clock."""

    def __init__(self, groups, home) -> None:
        self.now = 100.0
        self.meter = SessionUseMeter(groups, home, in_session=False, clock=lambda: self.now)


def test_before_the_first_look_nothing_is_known(groups, tmp_path):
    assert Meter(groups, tmp_path).meter.current() == SessionUse()


def test_memory_and_disk_are_what_was_read_and_cpus_take_two_readings(groups, tmp_path):
    it = Meter(groups, tmp_path)
    assert it.meter.measure_container().limit == 2 * GIB
    it.meter.measure_disk()
    use = it.meter.current()
    assert use.memory == MemoryUse(GIB, 2 * GIB)
    assert use.disk.size > 0
    assert use.cpu is None
    it.now += 2
    (groups / "cpu.stat").write_text("usage_usec 4000000\n")
    it.meter.measure_container()
    assert it.meter.current().cpu == CPUUse(1.5, 2.0)


def test_a_counter_that_began_anew_says_nothing(groups, tmp_path):
    it = Meter(groups, tmp_path)
    it.meter.measure_container()
    it.now += 2
    (groups / "cpu.stat").write_text("usage_usec 1\n")
    it.meter.measure_container()
    assert it.meter.current().cpu is None


def test_what_was_measured_long_ago_says_nothing(groups, tmp_path):
    it = Meter(groups, tmp_path)
    it.meter.measure_container()
    it.meter.measure_disk()
    it.now += 60  # as while the file server hangs
    it.meter.measure_container()
    use = it.meter.current()
    assert use.memory is not None
    assert use.disk is None


def test_another_check_takes_what_was_measured_of_the_container_and_reads_nothing(groups, tmp_path):
    it = Meter(groups, tmp_path)
    assert it.meter.container() is None
    measured = it.meter.measure_container()
    (groups / "memory.max").write_text("1\n")
    assert it.meter.container() == measured
    it.now += 60
    assert it.meter.container() is None


def test_the_file_server_is_asked_for_the_disk_now_and_then(groups, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(session_use, "read_disk", lambda *_, **__: asked.append(1) or DiskUse(1, 2))
    it = Meter(groups, tmp_path)
    for now in (100, 102, 108, 110, 112):
        it.now = now
        assert it.meter.measure_disk() == it.meter.current().disk == DiskUse(1, 2)
    assert len(asked) == 2


def test_where_the_kernel_shows_nothing_nothing_is_known(tmp_path):
    it = Meter(tmp_path / "nothing", tmp_path / "nothing")
    assert it.meter.measure_container() is None
    assert it.meter.measure_disk() is None
    assert it.meter.current() == SessionUse()

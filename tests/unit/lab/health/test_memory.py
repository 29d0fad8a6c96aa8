"""Memory that is nearly full, and a program that was killed for it: one notice, the newest."""

from datetime import UTC, datetime
from math import ceil
from unittest.mock import Mock

import pytest
from gpucommons_contract import ALL_CLEAR_SECONDS, LONGEST_NOTICE, NoticeLevel
from gpucommons_contract.formats.byte_sizes import format_bytes
from gpucommons_lab.health.control_group import ContainerMemory
from gpucommons_lab.health.memory import MemoryCheck

GIB, MIB = 2**30, 2**20
AT = datetime(2026, 11, 28, 15, 20, tzinfo=UTC).timestamp()


class Container:
    """Memory of 2 GiB that is read, who holds it, and a clock."""

    def __init__(
        self,
        kills: int | None = 0,
        shared: tuple[int, int] | None = None,
        warn_at: float = 90,
    ) -> None:
        self.kills, self.now = kills, AT
        self.percent: float | None = 50
        self.limit: int | None = 2 * GIB
        self.holders: list[tuple[str, int]] = []
        self.kernels: list[str] = []
        self.remembered: list[str] = []
        self.check = MemoryCheck(self._read, self, warn_at, lambda: shared, lambda: self.now)

    def _read(self) -> ContainerMemory | None:
        if self.kills is None:
            return None
        used = None if self.percent is None else ceil(self.percent * 2 * GIB / 100)
        return ContainerMemory(self.kills, self.limit, used)

    def largest(self) -> list[tuple[str, int]]:
        return self.holders

    def remember(self) -> None:
        self.remembered = list(self.kernels)

    def ended(self) -> list[str]:
        return [each for each in self.remembered if each not in self.kernels]

    def look(self, percent: float | None = 50, later: float = 2):
        self.percent = percent
        self.now += later
        return self.check.look()


def test_memory_that_is_nearly_full_is_told_with_who_holds_it():
    container = Container()
    container.holders = [("train.ipynb", GIB), ("Terminal 1", 500 * MIB), ("bash", MIB)]
    assert container.look(89) is None
    notice = container.look(90)
    assert notice.level is NoticeLevel.WARNING
    assert notice.text.startswith(
        "Memory is nearly full: 1.8 of 2.0 GiB are in use, most by train.ipynb (1.0 GiB) and "
        "Terminal 1 (500 MiB). When it is full,"
    )
    assert "start a session of a larger size" in notice.text
    container.holders = []
    assert container.look(99) is notice  # whoever dismissed it is not told again


def test_it_is_told_without_names_where_nobody_knows_them():
    assert "are in use. When it is full" in Container().look(95).text


def test_what_could_not_be_told_is_told_at_the_next_look(monkeypatch):
    container = Container()
    monkeypatch.setattr(container, "largest", Mock(side_effect=OSError("no such process")))
    with pytest.raises(OSError, match="no such process"):
        container.look(95)
    monkeypatch.undo()
    assert container.look(95).level is NoticeLevel.WARNING


def test_it_is_taken_back_once_there_is_room_well_below():
    container = Container()
    warning = container.look(92)
    assert container.look(86) is warning
    all_clear = container.look(84)
    assert (all_clear.id, all_clear.level) == (warning.id, NoticeLevel.INFO)
    assert all_clear.text == "There is room in memory again: 1.7 of 2.0 GiB are in use."
    assert container.look(84) is all_clear
    assert container.look(84, later=ALL_CLEAR_SECONDS) is None
    assert container.look(90).level is NoticeLevel.WARNING


@pytest.mark.parametrize("field", ["percent", "limit"])
def test_what_is_not_known_is_no_reason_to_warn_or_to_take_it_back(field):
    container = Container()
    if field == "limit":
        container.limit = None
    assert container.look(None if field == "percent" else 99) is None
    container.limit = 2 * GIB
    warning = container.look(99)
    if field == "limit":
        container.limit = None
    assert container.look(None if field == "percent" else 10) is warning


def test_whoever_wants_no_warning_gets_none():
    container = Container(warn_at=0)
    assert container.look(99) is None


def test_a_kill_is_told_with_limit_time_and_what_to_do():
    container = Container()
    assert container.check.look() is None
    container.kills = 1
    notice = container.check.look()
    assert notice.level is NoticeLevel.ERROR
    assert notice.text == (
        "This session ran out of memory (2.0 GiB): a kernel or program was ended at 2026-11-28 "
        "15:20 UTC. What was in its memory is lost, files are kept. Load less at once, shut down "
        "other kernels, or start a session of a larger size."
    )
    assert container.look(later=60) is notice
    container.kills = 3
    assert "2 programs were ended at 2026-11-28 15:21 UTC" in container.look().text
    assert container.look(later=3601) is None


def test_the_notebook_is_named_whose_kernel_was_ended():
    container = Container()
    container.kernels = ["train.ipynb", "other.ipynb"]
    container.look()
    container.kills, container.kernels = 1, ["other.ipynb"]
    assert "the kernel of train.ipynb was ended at" in container.look().text
    container.kernels = ["other.ipynb", "train.ipynb"]  # started again
    assert "the kernel of train.ipynb was ended at" in container.look(later=60).text
    container.kills, container.kernels = 2, ["train.ipynb"]
    assert "the kernel of other.ipynb was ended" in container.look().text
    container.kills, container.kernels = 3, []
    assert "the kernels of other.ipynb and train.ipynb were ended" in container.look().text


def test_a_later_kill_of_something_else_is_not_said_of_the_notebook_ended_before():
    container = Container()
    container.kernels = ["train.ipynb"]
    container.look()
    container.kills, container.kernels = 1, []
    assert "train.ipynb" in container.look().text
    container.look(later=60)
    container.kills = 2
    assert "a kernel or program was ended" in container.look().text


def test_a_large_kernel_that_takes_a_while_to_end_is_named_later():
    container = Container()
    container.kernels = ["train.ipynb"]
    container.look()
    container.kills = 1
    assert "a kernel or program was ended" in container.look().text
    container.kernels = []
    assert "the kernel of train.ipynb was ended" in container.look().text


def test_a_kernel_that_was_shut_down_long_after_a_kill_is_not_named():
    container = Container()
    container.kernels = ["train.ipynb"]
    container.look()
    container.kills = 1
    notice = container.look()
    container.look(later=60)
    container.kernels = []
    assert container.look() is notice


def test_the_newest_of_kill_and_warning_is_shown_under_one_id():
    container = Container()
    warning = container.look(95)
    container.kills = 1
    kill = container.look(96)
    assert kill.level is NoticeLevel.ERROR
    assert kill.id == warning.id
    assert container.look(20, later=60) is kill  # that there is room again is no news
    again = container.look(95, later=60)
    assert again.level is NoticeLevel.WARNING
    assert container.look(20).level is NoticeLevel.INFO


def test_kills_from_before_the_server_are_not_told():
    container = Container(4)
    assert container.look() is None
    container.kills = 0  # of another group from now on
    assert container.look() is None
    container.kills = 1
    assert "a kernel or program" in container.look().text


def test_while_kills_are_not_counted_none_is_told_and_none_is_made_up_later():
    container = Container(None)
    assert container.look() is None
    container.kills = 5
    assert container.look() is None
    container.kills = 6
    assert container.look() is not None


def test_files_in_shared_memory_are_named_as_the_cause():
    container = Container(shared=(GIB, 2 * GIB))
    container.look()
    container.kills = 1
    assert "1.0 GiB of it are files in /dev/shm" in container.look().text
    assert "1.0 GiB of it are files in /dev/shm" in container.look(95, later=60).text


def test_a_notice_with_long_names_still_is_one():
    container = Container()
    container.holders = [(f"{number}-{'n' * 200}.ipynb", GIB) for number in range(9)]
    assert len(container.look(95).text) <= LONGEST_NOTICE


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (7, "7 bytes"),
        (65536, "64 KiB"),
        (64 * MIB, "64 MiB"),
        (int(1.75 * GIB), "1.8 GiB"),
    ],
)
def test_sizes_are_written_as_people_read_them(size, text):
    assert format_bytes(size) == text

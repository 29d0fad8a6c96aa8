"""What is wrong is on the board for as long as it is so, and told when it changes."""

import asyncio

from gpucommons_contract import Notice
from gpucommons_lab.health.checks import HealthChecks
from gpucommons_lab.notices.board import NoticeBoard

from tests.waiting import until_async


class Sick:
    """Answers what it is given; an exception is raised."""

    def __init__(self, *answers: Notice | Exception | None) -> None:
        self.answers = list(answers)
        self.all_asked = asyncio.Event()

    def look(self) -> Notice | None:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_notices_come_change_and_go_with_their_trouble():
    board, told = NoticeBoard(), []
    full, fuller = Notice("home", "Full."), Notice("home", "Fuller.")
    sick = Sick(None, full, full, fuller, Notice("other", "Other."), None)
    checks = HealthChecks(
        board, lambda: told.append([each.text for each in board.current()]), [sick]
    )

    async def look_often() -> None:
        while sick.answers:
            await checks.look(sick)

    asyncio.run(look_often())
    assert told == [["Full."], ["Fuller."], ["Other."], []]


def test_one_that_cannot_be_looked_at_hinders_no_other(caplog):
    board = NoticeBoard()
    shown = asyncio.Event()
    broken = Sick(*(OSError("stale file handle") for _ in range(1000)))
    full = Notice("home", "Full.")

    async def watch() -> None:
        checks = HealthChecks(board, shown.set, [broken, Sick(*[full] * 1000)], pace=0.01)
        checks.start()
        await until_async(shown.is_set)
        # It may be asked a moment later than the other.
        await until_async(lambda: "stale file handle" in caplog.text)
        await checks.stop()

    asyncio.run(watch())
    assert board.current() == [full]
    assert sum("stale file handle" in each.message for each in caplog.records) == 1

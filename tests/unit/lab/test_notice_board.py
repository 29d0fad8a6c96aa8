"""Which notices a session keeps, and for how long; and a body that is none."""

import pytest
from gpucommons_contract import Notice, NoticeError
from gpucommons_lab.notices import NoticeBoard, parse_notice


def test_a_notice_is_listed_until_a_minute_after_its_time():
    now = 1000.0
    board = NoticeBoard(clock=lambda: now)
    board.put(Notice(id="soon", text="Soon.", ends_at=1010.0))
    board.put(Notice(id="hello", text="Lunch is at noon."))
    now = 1070.0
    assert [notice.id for notice in board.current()] == ["soon", "hello"]
    now = 1070.1
    assert [notice.id for notice in board.current()] == ["hello"]


def test_the_oldest_of_too_many_notices_goes():
    board = NoticeBoard()
    for number in range(20):
        board.put(Notice(id=str(number), text="Text."))
    board.put(Notice(id="0", text="Sent again."))
    assert len(board.current()) == 20
    board.put(Notice(id="20", text="Text."))
    kept = [notice.id for notice in board.current()]
    assert kept == [str(number) for number in (*range(2, 20), 0, 20)]


@pytest.mark.parametrize("body", [b"", b"id=x", b"\xff\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(body):
    with pytest.raises(NoticeError, match="not JSON"):
        parse_notice(body)

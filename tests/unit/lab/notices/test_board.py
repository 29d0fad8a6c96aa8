"""Which notices a session keeps, and for how long; and a body that is none."""

import json
from dataclasses import replace

import pytest
from gpucommons_contract import (
    END_REASON_NOTICE,
    ENDING_NOTICE,
    Notice,
    NoticeChoice,
    NoticeError,
    NoticeLevel,
)
from gpucommons_contract.formats.wording import span
from gpucommons_contract.words import phrase
from gpucommons_lab.notices.board import NoticeBoard
from gpucommons_lab.notices.requests import listed, parse_notice


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


def test_what_the_session_says_is_in_its_language_and_what_comes_from_outside_stays():
    board = NoticeBoard(language="de")
    keep = NoticeChoice("keep-3600", phrase("Keep %(time)s", time=span(3600)))
    full = phrase("Your home folder is full.")
    board.put(Notice("home", full, ends_at=None, choices=(keep,)))
    board.put(Notice("news", "Lunch is at noon."))
    home, news = board.current()
    assert home.text == "Ihr Home-Verzeichnis ist voll."
    assert home.choices[0].label == "1 Stunde behalten"
    assert json.loads(json.dumps(listed(home)))["text"] == home.text
    assert news.text == "Lunch is at noon."


WARNING = Notice("idle", "It ends.", NoticeLevel.WARNING, ends_at=9000.0)
ALL_CLEAR = Notice("idle", "It goes on.")


def test_what_takes_a_warning_back_takes_its_place_and_goes():
    now = 1000.0
    board = NoticeBoard(clock=lambda: now)
    board.put(WARNING)
    assert board.put(ALL_CLEAR) == 10
    assert board.current() == [ALL_CLEAR]
    now += 10
    assert board.current() == []


def test_a_warning_that_comes_again_stays():
    now = 1000.0
    board = NoticeBoard(clock=lambda: now)
    for notice in (WARNING, ALL_CLEAR, WARNING):
        board.put(notice)
    now += 60
    assert board.current() == [WARNING]


def test_news_that_warn_of_nothing_stay():
    now = 1000.0
    board = NoticeBoard(clock=lambda: now)
    news = [Notice("news", "Lunch is at noon."), Notice("news", "Lunch is at one.")]
    assert [board.put(each) for each in news] == [None, None]
    now += 1000
    assert board.current() == [news[1]]


def test_a_session_that_ends_says_nothing_else():
    now = 1000.0
    board = NoticeBoard(clock=lambda: now)
    board.put(WARNING)
    board.put(Notice(ENDING_NOTICE, "It ends now.", NoticeLevel.WARNING, ends_at=1003.0))
    board.put(Notice("other", "Something else."))
    assert [notice.id for notice in board.current()] == [ENDING_NOTICE]
    now = 1064.0  # and yet it did not end
    assert [notice.id for notice in board.current()] == ["idle", "other"]


@pytest.mark.parametrize("why_first", [True, False])
def test_a_session_that_ends_says_why_in_one_notice_whichever_is_said_first(why_first):
    board = NoticeBoard(clock=lambda: 1000.0)
    board.put(WARNING)
    why = Notice(END_REASON_NOTICE, "One with higher priority needed its GPUs.")
    ends = Notice(ENDING_NOTICE, "It ends now.", NoticeLevel.WARNING, ends_at=1003.0)
    for notice in (why, ends) if why_first else (ends, why):
        board.put(notice)
    assert board.current() == [replace(ends, text=why.text)]


@pytest.mark.parametrize(("limit", "said"), [(1002.0, "Time limit."), (1900.0, "It ends now.")])
def test_a_time_limit_is_why_a_session_ends_only_once_it_is_reached(limit, said):
    board = NoticeBoard(clock=lambda: 1000.0)
    board.put(Notice(END_REASON_NOTICE, "Time limit.", NoticeLevel.WARNING, ends_at=limit))
    board.put(Notice(ENDING_NOTICE, "It ends now.", NoticeLevel.WARNING, ends_at=1003.0))
    assert [notice.text for notice in board.current()] == [said]


def test_an_answer_is_listed_with_its_moment():
    board = NoticeBoard(clock=lambda: 1000.0)
    board.put(replace(WARNING, choices=(NoticeChoice("keep-3600", "Keep 1 hour"),)))
    assert "answered_at" not in listed(board.current()[0])
    board.answer("idle", "keep-3600")
    assert listed(board.current()[0])["answered_at"] == 1000.0


@pytest.mark.parametrize("body", [b"", b"id=x", b"\xff\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(body):
    with pytest.raises(NoticeError, match="not JSON"):
        parse_notice(body)

"""What is a notice, and what is refused as none."""

import json
import time

import pytest
from gpucommons_contract import Notice, NoticeChoice, NoticeError, read_notice

HELLO = Notice(id="hello", text="Lunch is at noon.")
IDLE = Notice(
    id="idle",
    text="This session is idle.",
    choices=(NoticeChoice("keep", "Keep for 2 hours"), NoticeChoice("stop", "Stop now")),
)


def test_a_notice_may_leave_out_level_and_time():
    assert read_notice({"id": "hello", "text": "Lunch is at noon."}) == HELLO


def test_the_longest_notice_is_accepted():
    notice = Notice(id="i" * 64, text="ü" * 1000, ends_at=0.0)
    assert read_notice(json.loads(notice.to_json())) == notice
    assert read_notice(json.loads(IDLE.to_json())) == IDLE


GOOD = {"id": "x", "text": "x"}
KEEP = {"id": "keep", "label": "Keep for 2 hours"}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"text": "x"}, "'id' must be a text of 1 to 64 characters."),
        ({**GOOD, "id": ""}, "'id' must be"),
        ({**GOOD, "id": 7}, "'id' must be"),
        ({**GOOD, "id": "x" * 65}, "'id' must be"),
        ({"id": "x"}, "'text' must be a text of 1 to 1,000 characters."),
        ({**GOOD, "text": " \n"}, "'text' must be"),
        ({**GOOD, "text": None}, "'text' must be"),
        ({**GOOD, "text": "x" * 1001}, "'text' must be"),
        ({**GOOD, "level": "loud"}, "'level' must be one of: info, warning, error."),
        ({**GOOD, "level": None}, "'level' must be"),
        ({**GOOD, "level": ["info"]}, "'level' must be"),
        ({**GOOD, "ends_at": "14:30"}, "'ends_at' must be a number of seconds since"),
        ({**GOOD, "ends_at": True}, "'ends_at' must be"),
        ({**GOOD, "ends_at": -1}, "'ends_at' must be"),
        ({**GOOD, "ends_at": float("nan")}, "'ends_at' must be"),
        ({**GOOD, "ends_at": float("inf")}, "'ends_at' must be"),
        ({**GOOD, "ends_at": 10**400}, "'ends_at' must be"),
        ({**GOOD, "ends_at": time.time() * 1000}, "'ends_at' must be"),
        ({**GOOD, "urgent": 1}, "Unknown field 'urgent'. Allowed: id, text, level, ends_at, choi"),
        ({**GOOD, "answer": "keep"}, "Unknown field 'answer'."),
        ({**GOOD, "choices": "keep"}, "'choices' must be a list of at most 4 objects."),
        ({**GOOD, "choices": [KEEP] * 5}, "'choices' must be a list"),
        ({**GOOD, "choices": [KEEP, KEEP]}, "Two of the 'choices' have the same 'id'."),
        ({**GOOD, "choices": ["keep"]}, "A choice must be an object, such as"),
        ({**GOOD, "choices": [{"id": "keep"}]}, "'label' must be a text of 1 to 40 characters."),
        ({**GOOD, "choices": [{**KEEP, "hours": 2}]}, "Unknown field 'hours'. Allowed: id, label."),
        ([GOOD], "The body must be a JSON object"),
    ],
)
def test_what_is_no_notice_is_refused_by_the_name_of_its_field(said, words):
    with pytest.raises(NoticeError) as refused:
        read_notice(said)
    assert str(refused.value).startswith(words)

"""Notices that stand: for whom, until when, and what somebody wrote wrongly."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_contract import (
    LONGEST_NOTICE,
    LONGEST_NOTICE_ID,
    Notice,
    NoticeLevel,
    StandingNotice,
    read_standing_notice,
)
from gpucommons_contract.words import phrase
from hypothesis import given
from hypothesis import strategies as st

UNTIL = datetime(2026, 12, 1, 18, tzinfo=UTC)
NOTICE = StandingNotice(
    Notice("platform", "Maintenance.", NoticeLevel.WARNING, UNTIL.timestamp()),
    UNTIL,
    "ops",
    UNTIL - timedelta(hours=2),
)

_words = st.text(min_size=1).filter(str.strip)
_times = st.datetimes(timezones=st.just(UTC))
_notices = st.builds(
    Notice,
    id=_words.filter(lambda text: len(text) <= LONGEST_NOTICE_ID),
    text=_words.filter(lambda text: len(text) <= LONGEST_NOTICE),
    level=st.sampled_from(NoticeLevel),
    ends_at=st.none() | st.floats(0, 2e11),
)
_standing = st.builds(
    StandingNotice,
    notice=_notices,
    until=_times,
    by=st.text(),
    at=_times,
    users=st.lists(st.text(), max_size=3).map(tuple),
)


@given(_standing)
def test_what_is_written_is_read_again(standing):
    assert read_standing_notice(standing.to_data()) == standing


@pytest.mark.parametrize(("seconds", "stands"), [(-1, True), (0, False)])
def test_a_notice_stands_until_its_end_and_no_longer(seconds, stands):
    assert NOTICE.in_force(UNTIL + timedelta(seconds=seconds)) is stands


def test_a_notice_for_nobody_by_name_is_for_everybody():
    assert NOTICE.concerns("ada")
    some = StandingNotice(NOTICE.notice, UNTIL, "ops", UNTIL, ("ada",))
    assert (some.concerns("ada"), some.concerns("ben")) == (True, False)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"notice": "{"}, "Expecting"),
        ({"notice": "[]"}, "The body must be a JSON object"),
        ({"notice": '{"id": "x", "text": " "}'}, "'text' must be a text of 1 to 1,000 characters"),
        ({"notice": '{"id": "x", "text": "x", "html": ""}'}, "Unknown field 'html'"),
        ({"until": "soon"}, "soon"),
        ({"until": "2026-12-01T18:00:00"}, "has no time zone"),
        ({"users": "[]"}, "its users are not a list of names; without them, it is for everybody"),
        ({"users": '"ada"'}, "its users are not a list of names"),
        ({"users": "[7]"}, "its users are not a list of names"),
    ],
)
def test_what_cannot_be_read_is_explained(changed, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        read_standing_notice(NOTICE.to_data() | changed)


@pytest.mark.parametrize("field", ["notice", "until", "by", "at"])
def test_what_is_not_said_is_named(field):
    data = NOTICE.to_data()
    del data[field]
    with pytest.raises(ValueError, match=f"{field} is missing"):
        read_standing_notice(data)


def test_the_notice_is_written_as_sessions_take_it():
    assert json.loads(NOTICE.to_data()["notice"]) == json.loads(NOTICE.notice.to_json())


def test_a_notice_that_was_made_of_a_message_can_still_be_translated():
    text = phrase("%(first)s and %(last)s", first="100 %", last="b")
    notice = Notice("a", text)
    standing = StandingNotice(notice, UNTIL, "ada", UNTIL)
    found = read_standing_notice(standing.to_data()).notice
    assert found == notice
    assert found.in_language("de").text == "100 % und b"
    other = standing.to_data() | {"notice": Notice("a", "Anything else.").to_json()}
    with pytest.raises(ValueError, match="not that of its text"):
        read_standing_notice(other)


@pytest.mark.parametrize(
    "message",
    [
        '"text"',
        '{"message": "a"}',
        '{"message": "%(a)s", "values": {}}',
        '{"message": "%(a)s", "values": {"a": 1}}',
        '{"message": "%(a)999999999s", "values": {"a": "a"}}',
        '{"message": "%d", "values": {}}',
    ],
)
def test_what_is_no_message_of_a_notice_is_refused(message):
    with pytest.raises(ValueError, match=r"message|values"):
        read_standing_notice(
            StandingNotice(Notice("a", "a"), UNTIL, "", UNTIL).to_data() | {"message": message}
        )

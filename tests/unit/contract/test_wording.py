import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from gpucommons_contract.formats.wording import (
    counted,
    first_of,
    joined,
    moment,
    names_moment,
    rough_span,
    span,
)
from hypothesis import given
from hypothesis import strategies as st

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_PART = re.compile(r"([0-9]+) (second|minute|hour|day)(s?)")


def read(words: str) -> list[tuple[int, str]]:
    """Read a length back: numbers and units; checks how each is written."""
    parts = _PART.findall(words)
    assert " ".join(f"{count} {unit}{plural}" for count, unit, plural in parts) == words
    assert all((plural == "") == (count == "1") for count, _, plural in parts)
    return [(int(count), unit) for count, unit, _ in parts]


def length(parts: list[tuple[int, str]]) -> int:
    return sum(count * _SECONDS[unit] for count, unit in parts)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (-3, "0 seconds"),
        (1, "1 second"),
        (45, "45 seconds"),
        (60, "1 minute"),
        (90, "1 minute 30 seconds"),
        (59 * 60 + 59, "59 minutes 59 seconds"),
        (150 * 60, "2 hours 30 minutes"),
        (8 * 3600, "8 hours"),
        (3600 + 5, "1 hour"),
        (86400, "1 day"),
        (36 * 3600, "1 day 12 hours"),
        (86400 + 1800, "1 day 30 minutes"),
        (26 * 3600 + 1800, "26 hours 30 minutes"),
        (3 * 86400, "3 days"),
    ],
)
def test_a_span_is_written_exactly_with_two_units_at_most(seconds, words):
    assert span(seconds) == words


@given(st.integers(0, 10 * 365 * 1440))
def test_no_whole_minute_is_cut_off(minutes):
    parts = read(span(minutes * 60))
    assert length(parts) == minutes * 60
    assert len(parts) <= 2


@given(st.floats(0, 10 * 365 * 86400.0))
def test_any_span_is_within_a_minute_and_within_a_second_below_an_hour(seconds):
    parts = read(span(seconds))
    assert 0 <= seconds - length(parts) < (1 if seconds < 3600 else 60)
    assert len(parts) <= 2


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 seconds"),
        (75, "1 minute 15 seconds"),
        (47 * 60 + 13, "47 minutes"),
        (80 * 60 + 13, "1 hour 20 minutes"),
        (150 * 60, "2 hours"),
        (30 * 3600 + 59, "1 day 6 hours"),
        (3 * 86400 + 7200, "3 days"),
    ],
)
def test_a_measured_span_is_rounded(seconds, words):
    assert rough_span(seconds) == words


@given(st.floats(0, 10 * 365 * 86400.0))
def test_a_measured_span_is_never_more_than_was_measured_and_half_of_it_at_least(seconds):
    assert seconds / 2 - 1 <= length(read(rough_span(seconds))) <= seconds


def test_a_moment_is_written_in_utc_wherever_it_was_measured():
    east = timezone(timedelta(hours=5, minutes=30))
    assert moment(datetime(2026, 11, 28, 0, 48, 59, tzinfo=UTC)) == "2026-11-28 00:48 UTC"
    assert moment(datetime(2026, 11, 28, 6, 18, tzinfo=east)) == "2026-11-28 00:48 UTC"


def test_a_moment_can_be_written_as_the_minute_by_which_it_is_over():
    late = datetime(2026, 12, 31, 23, 59, 0, 1, tzinfo=UTC)
    assert moment(late, round_up=True) == "2027-01-01 00:00 UTC"
    assert moment(late.replace(microsecond=0), round_up=True) == "2026-12-31 23:59 UTC"


def test_a_text_names_a_moment_or_does_not():
    when = moment(datetime(2026, 11, 28, 0, 48, tzinfo=UTC))
    assert names_moment(f"It ended at {when}: it was idle.")
    assert not names_moment("It was unused for 2 hours.")


def test_a_moment_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        moment(datetime(2026, 11, 28, 0, 48))


def test_one_thing_has_no_plural():
    assert [counted(n, "session") for n in (0, 1, 2)] == ["0 sessions", "1 session", "2 sessions"]


@pytest.mark.parametrize(
    ("words", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_words_are_joined_as_in_a_sentence(words, text):
    assert joined(words) == text
    assert joined(words, "or") == text.replace("and", "or")


def test_of_many_names_the_first_are_written():
    assert first_of(["a", "b"], 2) == "a, b"
    assert first_of(["a", "b", "c", "d"], 2) == "a, b and 2 more"

"""How long people may keep a session: bounded in length and number, and offered so."""

from dataclasses import replace
from datetime import timedelta

import pytest
from gpucommons_culler.core.commitments import KeepUsage
from gpucommons_culler.core.keeping import choices, chosen_length, left_to_keep, refusal
from gpucommons_culler.core.records import Records, StoredLease
from gpucommons_culler.core.rule import IdleRule
from hypothesis import given
from hypothesis import strategies as st

from .samples import ADA, HOUR, NOW

RULE = IdleRule("size gpu", keep_at_most=6 * HOUR, keep_times=2)
NEVER_KEPT = KeepUsage(0, timedelta())

rules = st.builds(
    IdleRule,
    name=st.just("any"),
    keep_at_most=st.timedeltas(timedelta(), timedelta(days=3)),
    keep_times=st.integers(0, 5),
)
keepings = st.builds(
    KeepUsage, times=st.integers(0, 6), length=st.timedeltas(timedelta(), timedelta(days=4))
)


def _ids(rule: IdleRule, used: KeepUsage) -> list[str]:
    return [each.id for each in choices(rule, used)]


def test_short_and_long_are_offered_as_far_as_the_rule_goes():
    assert _ids(RULE, NEVER_KEPT) == ["keep-3600", "keep-21600", "stop"]
    assert _ids(RULE, KeepUsage(1, 5.5 * HOUR)) == ["keep-1800", "stop"]
    assert _ids(RULE, KeepUsage(2, HOUR)) == ["stop"]
    assert _ids(replace(RULE, keep_at_most=timedelta()), NEVER_KEPT) == ["stop"]


def test_a_length_to_keep_is_written_in_full():
    labels = [each.label for each in choices(replace(RULE, keep_at_most=2.5 * HOUR), NEVER_KEPT)]
    assert labels == ["Keep 1 hour", "Keep 2 hours 30 minutes", "End it now"]


@given(rules, keepings)
def test_what_is_offered_is_allowed(rule, used):
    offered = [length for each in _ids(rule, used) if (length := chosen_length(each))]
    assert len(offered) <= 2, "what fits a notice, beside the end"
    assert all(refusal(rule, used, length) is None for length in offered)


@given(rules, keepings, st.timedeltas(timedelta(), timedelta(days=9)))
def test_nobody_keeps_more_than_the_rule_allows(rule, used, length):
    if refusal(rule, used, length) is None:
        assert used.times < rule.keep_times
        assert used.length + length <= rule.keep_at_most
        assert length <= left_to_keep(rule, used)


@pytest.mark.parametrize(
    ("rule", "used", "length", "words"),
    [
        (replace(RULE, keep_times=0), NEVER_KEPT, HOUR, "cannot be kept here (size gpu)"),
        (RULE, KeepUsage(2, HOUR), HOUR, "It has already been kept 2 times since it was last used"),
        (
            RULE,
            KeepUsage(1, 6 * HOUR),
            HOUR,
            "It has already been kept for 6 hours since",
        ),
        (RULE, NEVER_KEPT, 7 * HOUR, "It can be kept for at most 6 hours more."),
        (RULE, NEVER_KEPT, timedelta(seconds=5), "Keep it for at least 1 minute"),
    ],
)
def test_a_refusal_says_what_is_allowed(rule, used, length, words):
    assert words in refusal(rule, used, length)


@pytest.mark.parametrize("choice", ["stop", "keep-", "keep--5", "keep-²", "keep-1.5", "3600", ""])
def test_what_is_no_choice_to_keep_is_none(choice):
    assert chosen_length(choice) is None


def test_time_that_is_kept_twice_is_used_up_once():
    def lease(begin: float, end: float) -> StoredLease:
        return StoredLease(ADA, NOW + begin * HOUR, NOW + end * HOUR, "ada", NOW)

    leases = [lease(-5, -4), lease(0, 2), lease(1, 3), lease(1.5, 2.5), lease(5, 6)]
    records = Records(leases=leases)
    assert records.keeping(ADA, NOW) == KeepUsage(4, 4 * HOUR)

"""A session's answer about its own use: what is written is read, what is no answer is refused."""

import json

import pytest
from gpucommons_contract import (
    GPUActivity,
    KernelActivity,
    SessionActivity,
    TerminalActivity,
    read_activity,
)
from hypothesis import given
from hypothesis import strategies as st

FULL = SessionActivity(
    started=7200.0,
    kernels=(KernelActivity("k1", "train.ipynb", busy=True, last=12.5),),
    terminals=(TerminalActivity("1", busy=True, program="python", last=3.0),),
    editing=40.0,
    gpu=GPUActivity(watched=7000.0, last=None, utilization=1.0, memory=2**34),
)
LEAST = SessionActivity(0.0, (), None, None, None, "The driver does not answer.")
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("activity", [FULL, LEAST])
def test_what_is_written_is_read(activity):
    assert read_activity(activity.to_json()) == activity


def test_what_a_newer_session_says_besides_is_left_out():
    said = {**json.loads(FULL.to_json()), "mood": "good"}
    assert read_activity(json.dumps(said)) == FULL


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("started", -1),
        ("started", True),
        ("started", "7"),
        ("started", float("nan")),
        ("editing", float("inf")),
        ("kernels", None),
        ("kernels", [{"id": "k1"}]),
        ("terminals", [7]),
        ("gpu", {"watched": 1}),
        ("gpu", {"watched": 1, "utilization": 1, "memory": float("inf")}),
        ("gpu", []),
    ],
)
def test_what_is_no_answer_is_refused(part, value):
    said = {**json.loads(FULL.to_json()), part: value}
    with pytest.raises(ValueError, match=r"session's answer"):
        read_activity(json.dumps(said))


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "null", b"\xff", "[" * 100_000])
def test_what_is_no_object_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        read_activity(text)


@given(st.sampled_from(list(json.loads(FULL.to_json()))), ANYTHING)
def test_whatever_a_person_writes_is_an_activity_or_a_value_error(part, value):
    said = {**json.loads(FULL.to_json()), part: value}
    try:
        read_activity(json.dumps(said))
    except ValueError:
        return

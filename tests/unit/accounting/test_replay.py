"""A queue for GPUs, replayed: hand-worked cases, and what holds of all."""

from datetime import timedelta
from decimal import Decimal

import pytest
from gpucommons_accounting.reckoning.capacity.replay import Ask, Change, replay
from hypothesis import given
from hypothesis import strategies as st

from .plain_replay import plain_replay
from .sessions import at

_BEGIN = at("2026-11-30T09:00")
_END = _BEGIN + timedelta(days=7)


def _minute(number: int):
    return _BEGIN + timedelta(minutes=number)


def _ask(minute: int, length: int | None, until: int | None = None, units: str = "1") -> Ask:
    return Ask(
        _minute(minute),
        Decimal(units),
        None if length is None else timedelta(minutes=length),
        None if until is None else _minute(until),
    )


def _gpus(count: int, minute: int = 0) -> Change:
    return Change(_minute(minute), Decimal(count))


def _waits(asks: list[Ask], *changes: Change) -> list[int | str]:
    """Minutes that each waits, as a text for those that waited in vain."""
    found = [
        (each.length // timedelta(minutes=1), each.over) for each in replay(asks, changes, _END)
    ]
    return [minutes if over else f"{minutes} in vain" for minutes, over in found]


@pytest.mark.parametrize(
    ("count", "waits"),
    [
        (1, [0, 90, 135, "10 in vain"]),
        (2, [0, 0, 45, "10 in vain"]),
        (3, [0, 0, 0, "10 in vain"]),
        (4, [0, 0, 0, 0]),
    ],
)
def test_whoever_asked_first_is_first_and_who_has_enough_of_it_gives_up(count, waits):
    asks = [_ask(0, 120), _ask(30, 60), _ask(45, 60), _ask(50, 180, until=60)]
    assert _waits(asks, _gpus(count)) == waits


def test_they_are_told_in_the_order_in_which_they_are_given():
    assert _waits([_ask(30, 60), _ask(0, 120)], _gpus(1)) == [90, 0]


def test_who_needs_fewer_gpus_passes_those_for_whom_there_are_not_enough():
    asks = [_ask(0, 120), _ask(10, 60, units="2"), _ask(20, 60), _ask(25, 60)]
    assert _waits(asks, _gpus(2)) == [0, 130, 0, 55]
    shares = [_ask(0, 60, units="0.75"), _ask(1, 60), _ask(2, 60, units="0.25")]
    assert _waits(shares, _gpus(1)) == [0, 61, 0]


def test_of_two_for_whom_there_are_enough_the_first_one_is_served():
    asks = [_ask(0, 60), _ask(10, 30, units="0.75"), _ask(20, 30, units="0.5")]
    assert _waits(asks, _gpus(1)) == [0, 50, 70]


def test_a_gpu_that_is_free_in_the_moment_of_giving_up_is_taken():
    assert _waits([_ask(0, 30), _ask(10, 5, until=30)], _gpus(1)) == [0, 20]
    assert _waits([_ask(0, 30), _ask(30, 5, until=30)], _gpus(1)) == [0, 0]
    assert _waits([_ask(0, 31), _ask(30, 5, until=30)], _gpus(1)) == [0, "0 in vain"]


def test_who_gave_up_holds_up_nobody():
    asks = [_ask(0, 60), _ask(10, 500, until=20), _ask(30, 60)]
    assert _waits(asks, _gpus(1)) == [0, "10 in vain", 30]


def test_gpus_come_and_go_and_who_has_one_keeps_it():
    asks = [_ask(0, 60), _ask(1, 60), _ask(5, 10)]
    assert _waits(asks, _gpus(2), _gpus(-1, 10)) == [0, 0, 56]
    assert _waits([_ask(0, 10)], _gpus(1, 30)) == [30]


def test_what_waits_at_the_end_has_waited_until_then():
    week = 7 * 24 * 60
    assert _waits([_ask(0, None), _ask(10, 60)], _gpus(1)) == [0, f"{week - 10} in vain"]
    assert _waits([_ask(0, 60, units="4")], _gpus(2)) == [f"{week} in vain"]
    assert _waits([], _gpus(1)) == []


def test_with_one_more_gpu_who_would_have_given_up_may_keep_another_one_waiting():
    """So it cannot be said that more GPUs make nobody wait longer."""
    asks = [
        _ask(0, 8),
        _ask(1, 2),
        _ask(1, 50, until=4),
        _ask(3, 1000, until=9),
        _ask(10, 5),
    ]
    assert _waits(asks, _gpus(1)) == [0, 7, "3 in vain", "6 in vain", 0]
    assert _waits(asks, _gpus(2)) == [0, 0, 2, 5, 43]


_UNITS = st.sampled_from(["0.25", "0.5", "1", "2", "3"])
_PATIENCE = st.none() | st.integers(0, 200)


@st.composite
def _asks(draw, units=_UNITS, patience=_PATIENCE) -> list[Ask]:
    found = []
    for minute, length, gpus, more in draw(
        st.lists(st.tuples(st.integers(0, 300), st.integers(0, 200), units, patience), max_size=25)
    ):
        found.append(_ask(minute, length, None if more is None else minute + more, gpus))
    return found


_SOME_GPUS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 300), st.integers(0, 300)))


def _changes(parts: list[tuple[int, int, int]]) -> list[Change]:
    """Nodes of some GPUs, each from a minute on, for a while."""
    ends = [(count, first, first + length) for count, first, length in parts]
    return [
        each for count, first, last in ends for each in (_gpus(count, first), _gpus(-count, last))
    ]


@given(_asks(units=st.just("1"), patience=st.none()), _SOME_GPUS, st.integers(1, 5))
def test_where_all_ask_for_one_and_nobody_gives_up_more_gpus_make_nobody_wait_longer(
    asks, nodes, more
):
    changes = _changes(nodes)
    fewer, with_more = (replay(asks, [*changes, _gpus(each)], _END) for each in (0, more))
    assert all(b.length <= a.length for a, b in zip(fewer, with_more, strict=True))
    assert all(b.over for a, b in zip(fewer, with_more, strict=True) if a.over)


@given(_asks(), _SOME_GPUS, st.integers(0, 4))
def test_it_says_what_the_plain_way_of_doing_it_says(asks, nodes, count):
    changes = [*_changes(nodes), _gpus(count)]
    assert replay(asks, changes, _END) == plain_replay(asks, changes, _END)


@given(_asks())
def test_where_there_are_enough_for_all_nobody_waits(asks):
    enough = int(sum((each.units for each in asks), Decimal(1)))
    assert all(wait.over and not wait.length for wait in replay(asks, [_gpus(enough)], _END))


@given(_asks(), st.integers(0, 6))
def test_never_are_more_held_than_there_are(asks, count):
    waits = replay(asks, [_gpus(count)], _END)
    spans = [
        (ask.at + wait.length, ask.at + wait.length + ask.length, ask.units)
        for ask, wait in zip(asks, waits, strict=True)
        if wait.over
    ]
    for moment, _, _ in spans:
        assert sum(units for begin, end, units in spans if begin <= moment < end) <= count


@given(_asks(), st.integers(0, 6))
def test_nobody_waits_while_there_are_enough_for_them(asks, count):
    """At no moment at which GPUs came free before it was served."""
    waits = replay(asks, [_gpus(count)], _END)
    served = [
        (ask.at + wait.length, ask.at + wait.length + ask.length, ask.units)
        for ask, wait in zip(asks, waits, strict=True)
        if wait.over
    ]
    for ask, wait in zip(asks, waits, strict=True):
        until = ask.at + wait.length
        for moment in {ask.at, *(end for _, end, _ in served)}:
            if ask.at <= moment < until:
                held = sum(units for begin, end, units in served if begin <= moment < end)
                assert held + ask.units > count

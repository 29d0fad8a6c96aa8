"""Retries pause, and a loop that no longer does its work says so."""

import asyncio
import logging
from contextlib import suppress

import pytest
from gpucommons_upkeep import Backoff, Heartbeat, a_change, keep_going
from hypothesis import given
from hypothesis import strategies as st


@given(first=st.floats(0.01, 10), factor=st.floats(1, 1000), tries=st.integers(1, 40))
def test_a_pause_grows_has_a_bound_and_is_never_none(first, factor, tries):
    backoff = Backoff(first, first * factor)
    pauses = [backoff.pause() for _ in range(tries)]
    assert all(first / 2 <= pause <= first * factor for pause in pauses)
    full = [min(first * 2**n, first * factor) for n in range(tries)]
    assert all(most / 2 <= pause <= most for pause, most in zip(pauses, full, strict=True))


def test_a_success_begins_with_the_shortest_pause_again():
    backoff = Backoff(1, 60)
    for _ in range(10):
        backoff.pause()
    backoff.reset()
    assert backoff.pause() <= 1


def test_what_the_other_side_asks_for_is_waited_up_to_the_longest_pause():
    backoff = Backoff(1, 60)
    assert backoff.pause(asked=7) == 7
    assert backoff.pause(asked=7200) == 60


def test_a_pause_without_length_is_refused():
    with pytest.raises(ValueError, match="0 < first"):
        Backoff(0, 60)


def test_a_loop_that_has_not_succeeded_for_long_says_since_when_and_why():
    now = [100.0]
    heart = Heartbeat("following pods", within=30, clock=lambda: now[0])
    now[0] += 20
    assert heart.trouble() is None, "it has just begun"
    heart.succeeded()
    assert heart.failed("refused")
    assert not heart.failed("refused")
    now[0] += 31
    assert heart.trouble() == "following pods last succeeded 31 s ago: refused"
    heart.succeeded()
    assert heart.trouble() is None


async def test_no_exception_ends_a_loop_and_each_trouble_is_logged_once(caplog):
    caplog.set_level(logging.INFO)
    done = asyncio.Event()
    outcomes = iter([KeyError("metadata"), RuntimeError("odd"), None, OSError("away"), None])

    async def step():
        outcome = next(outcomes, None)
        if outcome is not None:
            raise outcome
        if not list(outcomes):
            done.set()

    heart = Heartbeat("the work", within=30)
    step_twice = keep_going(
        step, heart=heart, backoff=Backoff(0.001, 0.001), log=logging.getLogger("loop"), every=0.001
    )
    task = asyncio.create_task(step_twice)
    async with asyncio.timeout(60):
        await done.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert heart.failures == 0
    failed = [record.message for record in caplog.records if "will be retried" in record.message]
    assert failed == ["the work failed and will be retried: KeyError: 'metadata'"]


async def test_changes_that_come_together_are_taken_together():
    changed, seen = asyncio.Event(), []

    async def follow() -> None:
        await a_change(changed, within=60, together=0.05)
        seen.append(changed.is_set())

    following = asyncio.create_task(follow())
    await asyncio.sleep(0)
    assert not following.done()
    changed.set()
    await following
    assert seen == [False]


async def test_without_a_change_it_goes_on_when_the_time_is_up():
    changed = asyncio.Event()
    await a_change(changed, within=0.01, together=60)
    changed.set()
    await a_change(changed, within=0.01, together=60)
    assert not changed.is_set()

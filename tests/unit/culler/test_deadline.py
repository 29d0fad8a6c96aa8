"""Many questions at once have one end, however many do not answer."""

import asyncio

import pytest
from gpucommons_culler.core.deadline import within


async def test_what_is_answered_in_time_counts_and_the_rest_is_given_up():
    given_up = []

    async def hangs():
        try:
            await asyncio.Event().wait()
        finally:
            given_up.append(True)

    async def answers():
        return 7

    assert await within(0.05, [answers(), hangs(), answers()]) == [7, None, 7]
    assert given_up == [True]


async def test_nothing_is_asked_of_nobody():
    assert await within(1, []) == []


async def test_a_defect_is_raised_after_all_have_ended():
    async def fails():
        raise RuntimeError("a defect")

    async def answers():
        return 7

    with pytest.raises(RuntimeError, match="a defect"):
        await within(1, [fails(), answers()])


async def test_who_waits_no_longer_leaves_no_question_behind():
    ended = asyncio.Event()

    async def hangs():
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    task = asyncio.create_task(within(60, [hangs()]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()

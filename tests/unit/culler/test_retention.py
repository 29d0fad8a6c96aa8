"""The audit is kept for as long as the installation says, and no longer."""

import asyncio
from datetime import UTC, datetime, timedelta

from gpucommons_culler.retention import forget_old

from .samples import an_event


async def test_old_lines_go_and_newer_ones_stay(store):
    now = datetime.now(UTC)
    for days in (500, 399, 1):
        store.record(an_event(at=now - timedelta(days=days)))
    task = asyncio.create_task(forget_old(store, timedelta(days=400)))
    async with asyncio.timeout(20):
        while len(store.events()) > 2:  # noqa: ASYNC110 -- nothing tells of it
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [(now - line.event.at).days for line in store.events()] == [1, 399]

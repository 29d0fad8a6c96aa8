"""The audit is kept for as long as the installation says, and no longer."""

import asyncio
from datetime import UTC, datetime, timedelta

from gpucommons_culler.service.retention import forget_old, retention_heart

from .samples import an_event


async def test_old_lines_go_and_newer_ones_stay(store):
    now = datetime.now(UTC)
    for days in (500, 399, 1):
        store.record(an_event(at=now - timedelta(days=days)))
    task = asyncio.create_task(forget_old(store, timedelta(days=400)))
    async with asyncio.timeout(60):
        while len(store.events()) > 2:  # noqa: ASYNC110 -- nothing tells of it
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [(now - line.event.at).days for line in store.events()] == [1, 399]


class _Broken:
    """A store whose first call fails with what nobody expects."""

    def __init__(self, store):
        self._store, self.calls = store, 0

    def forget(self, before):
        self.calls += 1
        if self.calls == 1:
            raise RuntimeError("a defect")
        return self._store.forget(before)


async def test_no_failure_ends_it_for_good(store, monkeypatch):
    monkeypatch.setattr("gpucommons_culler.service.retention._FIRST_PAUSE_S", 0.01)
    store.record(an_event(at=datetime.now(UTC) - timedelta(days=500)))
    heart = retention_heart()
    task = asyncio.create_task(forget_old(_Broken(store), timedelta(days=400), heart))
    async with asyncio.timeout(60):
        while store.events():  # noqa: ASYNC110 -- nothing tells of it
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert heart.trouble() is None

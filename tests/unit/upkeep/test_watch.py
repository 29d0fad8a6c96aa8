"""A watch that nothing ends, and that takes no half of a list for a whole one."""

import asyncio
import json
import logging
from types import SimpleNamespace

import pytest
from gpucommons_upkeep import Heartbeat
from gpucommons_upkeep import watch as module
from gpucommons_upkeep.watch import Watch

from tests.unit.spawner.answers import Answer

POD = {"metadata": {"name": "a", "resourceVersion": "2"}}


def _list(*items, **metadata):
    return {
        "kind": "PodList",
        "metadata": {"resourceVersion": "1"} | metadata,
        "items": list(items),
    }


class _Sink:
    def __init__(self, breaks=0):
        self.lists, self.updates, self.changed = [], [], asyncio.Event()
        self._breaks = breaks

    def replace(self, objects):
        self._break()
        self.lists.append([each["metadata"]["name"] for each in objects])
        self.changed.set()

    def update(self, kind, changed):
        self._break()
        self.updates.append((kind, changed["metadata"]["name"]))
        self.changed.set()

    def _break(self):
        if self._breaks:
            self._breaks -= 1
            raise KeyError("namespace")


class _Server:
    """Answers lists and watches out of the test's hand; the last of each stays."""

    def __init__(self, lists, watches=()):
        self.lists, self.watches, self.asked = list(lists), list(watches), 0

    async def list_pods(self, *, watch=False, **_query):
        self.asked += 1
        if not watch:
            return self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]
        if not self.watches:
            await asyncio.Event().wait()
        return self.watches.pop(0)


def _stream(*lines):
    async def chunks():
        for line in lines:
            yield line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n"

    return SimpleNamespace(ok=True, content=SimpleNamespace(iter_any=chunks), close=lambda: None)


@pytest.fixture(autouse=True)
def _quickly(monkeypatch):
    monkeypatch.setattr(module, "_FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(module, "_LONGEST_PAUSE_SECONDS", 0.002)


async def _follow(server, sink, until):
    watch = Watch(server.list_pods, sink, logging.getLogger("watch"))
    task = asyncio.create_task(watch.run())
    async with asyncio.timeout(60):
        while not until():
            await sink.changed.wait()
            sink.changed.clear()
            await asyncio.sleep(0)
    task.cancel()
    return watch


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b""),
        Answer(200, json.dumps(_list(POD)).encode()[:-9]),
        Answer(200, {}),
        Answer(200, []),
        Answer(200, {"items": []}),
        Answer(200, {"kind": "Status", "metadata": {"resourceVersion": "1"}, "items": []}),
        Answer(200, {"kind": "PodList", "metadata": {}, "items": []}),
        Answer(200, _list(POD, **{"continue": "more"})),
        Answer(200, {"kind": "PodList", "metadata": {"resourceVersion": "1"}}),
        Answer(200, _list({"metadata": {}})),
        Answer(200, _list("pod")),
        Answer(200, b"<html>sign in</html>"),
        Answer(403, {}),
        Answer(429, {}, headers={"Retry-After": "0"}),
        Answer(500, b"oops"),
    ],
    ids=range(15),
)
async def test_what_is_no_whole_list_is_asked_for_again_and_changes_nothing(answer):
    sink = _Sink()
    watch = await _follow(_Server([answer, Answer(200, _list(POD))]), sink, lambda: sink.lists)
    assert sink.lists == [["a"]]
    assert watch.fresh


async def test_whatever_a_listener_raises_the_watch_goes_on():
    sink = _Sink(breaks=3)
    await _follow(_Server([Answer(200, _list(POD))]), sink, lambda: sink.lists)


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense\n",
        {},
        {"type": "ADDED"},
        {"type": "ADDED", "object": {}},
        {"type": "NEWS", "object": POD},
        {"type": "ERROR", "object": {"code": 410}},
        [],
    ],
    ids=range(7),
)
async def test_after_an_event_that_is_none_everything_is_listed_again(line):
    sink = _Sink()
    server = _Server([Answer(200, _list(POD))], [_stream(line)])
    await _follow(server, sink, lambda: len(sink.lists) == 2)
    assert sink.updates == []


MARK = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "3"}}}
OTHER = {"metadata": {"name": "b", "resourceVersion": "2"}}


@pytest.mark.parametrize(
    ("first", "events"),
    [((), ()), ((POD,), ()), ((POD, OTHER), ({"type": "ERROR", "object": {"code": 410}},))],
    ids=["empty at the beginning", "half at the beginning", "shorter than what was known"],
)
async def test_a_list_that_may_lack_something_is_soon_asked_for_again(monkeypatch, first, events):
    monkeypatch.setattr(module, "_DOUBT_SECONDS", 0.001)
    short = [Answer(200, _list(*first[1:]))] if first else []
    answers = [Answer(200, _list(*first)), *short, Answer(200, _list(POD, OTHER))]
    sink = _Sink()
    server = _Server(answers, [_stream(*events), *[_stream(MARK) for _ in range(1000)]])
    await _follow(server, sink, lambda: sink.lists[-1:] == [["a", "b"]] and len(sink.lists) > 1)


async def test_a_list_that_lacks_nothing_is_believed(monkeypatch):
    monkeypatch.setattr(module, "_DOUBT_SECONDS", 600)  # beyond what the test may take
    sink = _Sink()
    change = {"type": "MODIFIED", "object": POD}
    server = _Server([Answer(200, _list(POD))], [_stream(change) for _ in range(100)])
    await _follow(server, sink, lambda: len(sink.updates) == 100)
    assert len(sink.lists) == 1


async def test_a_watch_that_ends_at_once_is_followed_by_a_pause(monkeypatch):
    sink = _Sink()
    server = _Server([Answer(200, _list(POD))], [_stream() for _ in range(3)])
    pauses = []
    real = asyncio.sleep

    async def sleep(seconds):
        pauses.append(seconds)
        await real(0)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    task = asyncio.create_task(Watch(server.list_pods, sink, logging.getLogger("watch")).run())
    while server.watches:
        await real(0)
    task.cancel()
    assert len(pauses) >= 2
    assert min(pauses) > 0


async def test_what_is_known_is_old_soon_when_following_fails_and_late_when_it_is_quiet(
    monkeypatch,
):
    now = [0.0]
    monkeypatch.setattr(module, "Heartbeat", lambda *said: Heartbeat(*said, clock=lambda: now[0]))
    watch = Watch(_Server([Answer(200, _list())]).list_pods, _Sink(), logging.getLogger())
    await watch.load()
    now[0] = 200
    assert watch.fresh
    watch.heart.failed("away")
    assert not watch.fresh
    await watch.load()
    assert watch.fresh
    now[0] += 400
    assert not watch.fresh

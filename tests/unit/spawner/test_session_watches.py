"""What the watches of pods and events do with what they find."""

import asyncio
import time
from types import SimpleNamespace

import aiohttp
import pytest
from gpucommons_spawner import GPUSpawner
from gpucommons_spawner.pod_state.pod import START
from gpucommons_spawner.pod_state.session_pods import SessionEvents, SessionPods

from .answers import Answer


@pytest.fixture
def make(monkeypatch):
    monkeypatch.setattr("kubespawner.reflector.shared_client", lambda _group: None)
    return lambda kind: kind(namespace="default")


def _pod(start, namespace="team-vision"):
    annotations = {START: start}
    return {"metadata": {"namespace": namespace, "name": "jupyter-ada", "annotations": annotations}}


async def test_only_the_pod_of_its_own_start_wakes_a_waiting_one(make):
    pods = make(SessionPods)
    earlier, own = _pod("earlier"), _pod("own", namespace="team-astro")
    with pods.changes_of("own") as changes:
        pods.update("ADDED", earlier)
        pods.update("DELETED", earlier)
        pods.update("ADDED", own)
        assert await changes.next() is own
        pods.update("DELETED", own)
        assert await changes.next() is None


async def test_a_list_wakes_a_waiting_start_and_never_says_that_its_pod_is_gone(make):
    pods = make(SessionPods)
    own = _pod("own")
    pods.update("ADDED", own)
    with pods.changes_of("own") as changes:
        pods.replace([])
        pods.replace([own])
        assert await changes.next() is own
    assert pods.pods == {"team-vision/jupyter-ada": own}


async def test_a_start_that_waits_is_told_by_the_watch_that_replaces_its_own(make):
    with make(SessionPods).changes_of("own") as changes:
        own = _pod("own")
        make(SessionPods).replace([own])
        assert await changes.next() is own


async def test_pods_of_the_same_name_in_two_teams_are_two(make):
    pods = make(SessionPods)
    pods.replace([_pod("one"), _pod("two", namespace="team-astro")])
    assert pods.pods.keys() == {"team-vision/jupyter-ada", "team-astro/jupyter-ada"}


async def test_a_watch_that_is_stopped_ends_without_an_error(make, monkeypatch):
    class Endless:
        async def run(self):
            await asyncio.Event().wait()

    monkeypatch.setattr("gpucommons_spawner.kubernetes.reflector.Watch", lambda *_, **__: Endless())
    pods = make(SessionPods)
    pods.api = SimpleNamespace(list_pod_for_all_namespaces=None)
    await pods.start()
    await asyncio.sleep(0)
    await pods.stop()
    assert pods.watch_task is None


def _event(name, namespace="team-vision", time="2026-11-24T00:00:00Z"):
    pod = {"kind": "Pod", "namespace": namespace, "name": "jupyter-ada"}
    return {"metadata": {"name": name}, "involvedObject": pod, "lastTimestamp": time}


async def test_events_are_found_by_pod_oldest_first(make):
    events = make(SessionEvents)
    late, early = _event("b", time="2026-11-24T00:00:05Z"), _event("a")
    events.replace([late, early, _event("c", namespace="team-astro")])
    assert events.of("team-vision/jupyter-ada") == [early, late]
    events.update("DELETED", early)
    assert events.of("team-vision/jupyter-ada") == [late]
    events.update("DELETED", late)
    assert events.of("team-vision/jupyter-ada") == []


async def test_events_of_other_namespaces_are_not_kept(make):
    events = make(SessionEvents)
    events.replace([_event("a", namespace="kube-system")])
    assert events.of("kube-system/jupyter-ada") == []


@pytest.fixture
def spawners(make_spawner, monkeypatch):
    """Twenty spawners of a hub that follows nothing yet."""
    monkeypatch.setattr(GPUSpawner, "reflectors", {})
    for name in ("_LIST_SECONDS", "_LOOK_SECONDS"):
        monkeypatch.setattr(f"gpucommons_spawner.kubernetes.reflector.{name}", 0.01)
    monkeypatch.setattr("gpucommons_upkeep.watch._FIRST_PAUSE_SECONDS", 0.01)
    return [make_spawner({}) for _ in range(20)]


class _Lists:
    """An API server whose lists of pods come out of the test's hand."""

    def __init__(self, *answers):
        self.asked, self._answers = 0, list(answers)
        self.held = asyncio.Event()
        self.held.set()

    async def list_pod_for_all_namespaces(self, *, watch=False, **_query):
        if watch:
            await asyncio.Event().wait()
        self.asked += 1
        await self.held.wait()
        answer = self._answers.pop(0) if self._answers else _LIST
        if isinstance(answer, Exception):
            raise answer
        return answer


_LIST = Answer(200, {"kind": "PodList", "metadata": {"resourceVersion": "1"}, "items": []})


async def test_one_watch_goes_on_trying_for_all_whose_first_list_failed(spawners, monkeypatch):
    lists = _Lists(*[aiohttp.ClientConnectionError()] * 3)
    monkeypatch.setattr("kubespawner.reflector.shared_client", lambda _group: lists)
    first = await asyncio.gather(
        *(each._start_watching_pods() for each in spawners), return_exceptions=True
    )
    assert {type(each) for each in first} == {TimeoutError}
    async with asyncio.timeout(60):
        await asyncio.shield(spawners[0].pod_reflector.first_load_future)
    found = {id(await each._start_watching_pods()) for each in spawners}
    assert (len(found), lists.asked) == (1, 4)
    await spawners[0].pod_reflector.stop()


async def test_a_hub_that_is_busy_does_not_give_a_list_up(make_spawner, monkeypatch):
    monkeypatch.setattr(GPUSpawner, "reflectors", {})
    monkeypatch.setattr("gpucommons_spawner.kubernetes.reflector._LIST_SECONDS", 0.4)
    lists = _Lists()
    monkeypatch.setattr("kubespawner.reflector.shared_client", lambda _group: lists)
    spawner = make_spawner({})
    waiting = asyncio.create_task(spawner._start_watching_pods())
    while not spawner.reflectors:  # noqa: ASYNC110 -- it announces nothing
        await asyncio.sleep(0)
    lists.held = asyncio.Event()
    time.sleep(1)  # noqa: ASYNC251 -- as two hundred starts do to the hub
    asyncio.get_running_loop().call_later(0.01, lists.held.set)
    assert (await waiting).fresh
    await spawner.pod_reflector.stop()

"""What the watches of pods and events do with what they find."""

import asyncio
from types import SimpleNamespace

import pytest
from gpucommons_spawner import GPUSpawner
from gpucommons_spawner.session_events import SessionEvents
from gpucommons_spawner.session_pods import START, SessionPods


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
        async def load(self):
            pass

        async def run(self):
            await asyncio.Event().wait()

    monkeypatch.setattr("gpucommons_spawner.watch_reflector.Watch", lambda *_, **__: Endless())
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


async def test_a_watch_that_could_not_be_started_is_started_again(make_spawner, make, monkeypatch):
    monkeypatch.setattr(GPUSpawner, "reflectors", {})
    spawner = make_spawner({})

    async def broken(_reflector):
        raise ConnectionError

    with monkeypatch.context() as context:
        context.setattr(SessionPods, "_list_and_update", broken)
        with pytest.raises(ConnectionError):
            await spawner._start_watching_pods()

    async def loaded(reflector):
        reflector.first_load_future.set_result(None)

    async def watched(_reflector):
        pass

    monkeypatch.setattr(SessionPods, "_list_and_update", loaded)
    monkeypatch.setattr(SessionPods, "_watch_and_update", watched)
    assert await spawner._start_watching_pods() is spawner.pod_reflector

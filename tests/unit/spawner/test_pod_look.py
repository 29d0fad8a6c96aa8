"""JupyterHub looks at a session when its pod changes, and not before."""

import asyncio

import pytest
from gpucommons_spawner.lifecycle import pod_look as module
from gpucommons_spawner.lifecycle.pod_look import PodLook
from gpucommons_spawner.pod_state.session_pods import SessionPods

_KEY = "team-vision/jupyter-ada"


def _pod(version="1"):
    metadata = {"namespace": "team-vision", "name": "jupyter-ada", "uid": "a"}
    return {"metadata": {**metadata, "resourceVersion": version}}


class _Spawner:
    """What a look reaches of a spawner."""

    def __init__(self):
        self.watched_pod = self
        self.key = _KEY
        self.looks = 0
        self.during_look = lambda: None

    async def poll_and_notify(self):
        self.looks += 1
        self.during_look()


@pytest.fixture
def spawner(monkeypatch):
    monkeypatch.setattr(module, "_SETTLE_SECONDS", 0)
    return _Spawner()


@pytest.fixture
def look(spawner):
    look = PodLook(spawner)
    look.begin()
    yield look
    look.end()


@pytest.fixture
async def pods(monkeypatch, look):
    monkeypatch.setattr("kubespawner.reflector.shared_client", lambda _group: None)
    return SessionPods(namespace="default")


async def _settled(look):
    if look._task:
        await look._task


async def test_changes_in_quick_succession_are_one_look(spawner, look, pods):
    pods.update("MODIFIED", _pod("1"))
    pods.update("DELETED", _pod("2"))
    await _settled(look)
    assert spawner.looks == 1


async def test_another_pod_is_no_reason_to_look(spawner, look, pods):
    other = _pod()
    other["metadata"]["name"] = "jupyter-tom"
    pods.update("DELETED", other)
    await _settled(look)
    assert spawner.looks == 0


@pytest.mark.parametrize(
    ("lists", "looks"),
    [
        ([[_pod("1")], [_pod("1")]], 1),
        ([[_pod("1")], [_pod("2")]], 2),
        ([[_pod("1")], []], 2),
        ([[], []], 0),
    ],
    ids=["the same", "another state", "absent", "still absent"],
)
async def test_a_list_is_a_reason_to_look_only_if_it_shows_a_change(
    spawner, look, pods, lists, looks
):
    for objects in lists:
        pods.replace(objects)
        await _settled(look)
    assert spawner.looks == looks


async def test_a_change_during_a_look_is_followed_by_another(spawner, look, pods):
    def change():
        spawner.during_look = lambda: None
        pods.update("MODIFIED", _pod("2"))

    spawner.during_look = change
    pods.update("MODIFIED", _pod("1"))
    await _settled(look)
    assert spawner.looks == 2


async def test_a_look_may_end_the_looking(spawner, look, pods):
    spawner.during_look = look.end
    pods.update("DELETED", _pod("1"))
    await _settled(look)
    pods.update("ADDED", _pod("2"))
    await asyncio.sleep(0)
    assert spawner.looks == 1


async def test_nobody_looks_once_a_stop_has_begun(spawner, look, pods):
    pods.update("MODIFIED", _pod("1"))
    look.end()
    await _settled(look)
    assert spawner.looks == 0

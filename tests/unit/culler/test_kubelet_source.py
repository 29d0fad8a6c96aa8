"""What kubelets count, turned into readings: rates between two looks, and nothing where unsure."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from gpucommons_culler.core.deadline import within
from gpucommons_culler.core.signals import SignalName
from gpucommons_culler.telemetry.sources import kubelet as kubelet_source
from gpucommons_culler.telemetry.sources.kubelet import KubeletSource

from .samples import ADA, a_session

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SESSION = a_session(ADA, pod="team-vision/jupyter-ada")


class Kubelet:
    """Answers as a kubelet does to GET /stats/summary; the figures are the test's."""

    def __init__(self) -> None:
        self.pods: list[dict[str, Any]] = []
        self.status = 200

    def count(self, at: float, core_seconds: float, received: float, sent: float = 0) -> None:
        self.pods = [
            {
                "podRef": {"namespace": "team-vision", "name": "jupyter-ada", "uid": "1"},
                "cpu": {
                    "time": (NOON + timedelta(seconds=at)).isoformat().replace("+00:00", "Z"),
                    "usageNanoCores": 1,
                    "usageCoreNanoSeconds": int(core_seconds * 1e9),
                },
                "network": {"name": "eth0", "rxBytes": received, "txBytes": sent},
            },
            {"podRef": {"namespace": "kube-system", "name": "coredns", "uid": "2"}},
        ]

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.host != "node-a" or self.status != 200:
            return httpx.Response(self.status if self.status != 200 else 403)
        assert request.url.path == "/stats/summary"
        return httpx.Response(200, json={"pods": self.pods})


@pytest.fixture
def kubelet() -> Kubelet:
    return Kubelet()


@pytest.fixture
def source(kubelet) -> KubeletSource:
    return _source(kubelet, {"a": "https://node-a:10250"})


def _source(kubelet: Kubelet, nodes: Mapping[str, str]) -> KubeletSource:
    async def addresses() -> Mapping[str, str]:
        return nodes

    client = httpx.AsyncClient(transport=httpx.MockTransport(kubelet.answer))
    return KubeletSource(client, addresses)


async def _values(source: KubeletSource) -> dict[SignalName, tuple[bool, str]]:
    found, error = await source.read([SESSION])
    assert error is None
    return {each.name: (each.active, each.value) for each in found.get(SESSION.pod, [])}


async def test_the_first_look_tells_nothing_and_the_second_a_rate(kubelet, source):
    kubelet.count(0, 100, 5_000_000)
    assert await _values(source) == {}
    kubelet.count(20, 102, 5_100_000, 60_000)
    assert await _values(source) == {
        SignalName.PROCESSOR: (True, "processor at 0.10 of a core"),
        SignalName.NETWORK: (False, "network at 8 kB/s"),
    }
    kubelet.count(40, 102.2, 9_100_000, 60_000)
    assert await _values(source) == {
        SignalName.PROCESSOR: (False, "processor at 0.01 of a core"),
        SignalName.NETWORK: (True, "network at 200 kB/s"),
    }


async def test_counters_that_were_not_read_anew_say_what_they_said(kubelet, source):
    kubelet.count(0, 100, 0)
    await source.read([SESSION])
    kubelet.count(20, 110, 0)
    first = await _values(source)
    kubelet.count(21, 110, 0)
    assert await _values(source) == first
    kubelet.count(31, 110, 0)
    assert (await _values(source))[SignalName.PROCESSOR][0] is False


async def test_a_reading_is_of_the_moment_at_which_the_kubelet_counted(kubelet, source):
    kubelet.count(0, 100, 0)
    await source.read([SESSION])
    kubelet.count(20, 110, 0)
    found, _ = await source.read([SESSION])
    assert {each.at for each in found[SESSION.pod]} == {NOON + timedelta(seconds=20)}
    again, _ = await source.read([SESSION])  # it answers, and has not counted since
    assert {each.at for each in again[SESSION.pod]} == {NOON + timedelta(seconds=20)}


@pytest.mark.parametrize(
    ("at", "seconds", "received"), [(20, 5, 9000), (20, 110, 10), (200, 110, 9000)]
)
async def test_a_new_container_or_a_long_gap_is_not_known(kubelet, source, at, seconds, received):
    kubelet.count(0, 100, 1000)
    await source.read([SESSION])
    kubelet.count(at, seconds, received)
    assert await _values(source) == {}


async def test_a_node_that_does_not_tell_is_named_and_the_others_count(kubelet):
    source = _source(kubelet, {"a": "https://node-a:10250", "b": "https://node-b:10250"})
    kubelet.count(0, 100, 0)
    await source.read([SESSION])
    kubelet.count(20, 110, 0)
    found, error = await source.read([SESSION])
    assert found[SESSION.pod][0].active
    assert "node b does not answer" in str(error)
    assert "403" in str(error)


@pytest.mark.parametrize("said", ["hangs", "drips", [], {"pods": 1}, {"pods": [["cpu"]]}, None])
async def test_whatever_one_node_does_the_others_count(kubelet, monkeypatch, said):
    async def after_node_a(seconds: float, questions: Iterable[Coroutine]) -> list:
        """Let the time for all begin when node a has answered, however busy the machine is."""
        b, a = (asyncio.create_task(each) for each in questions)
        await a
        return await within(seconds, map(answered, (b, a)))

    async def answered(task: asyncio.Task) -> object:
        return await task

    monkeypatch.setattr(kubelet_source, "_PATIENCE_S", 0.2)
    monkeypatch.setattr(kubelet_source, "within", after_node_a)

    class Dripping(httpx.AsyncByteStream):
        async def __aiter__(self):
            while True:
                yield b" "
                await asyncio.sleep(0.01)

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "node-a":
            return kubelet.answer(request)
        if said == "hangs":
            await asyncio.Event().wait()
        if said == "drips":
            return httpx.Response(200, stream=Dripping())
        return httpx.Response(200, json=said)

    async def addresses() -> Mapping[str, str]:
        return {"b": "https://node-b:10250", "a": "https://node-a:10250"}

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    source = KubeletSource(client, addresses)
    kubelet.count(0, 100, 0)
    await source.read([SESSION])
    kubelet.count(20, 110, 0)
    found, error = await source.read([SESSION])
    assert found[SESSION.pod][0].active
    assert str(error).startswith("node b ")


async def test_nodes_that_cannot_be_listed_are_an_error_and_no_reading(kubelet):
    async def addresses() -> Mapping[str, str]:
        raise OSError("no route")

    client = httpx.AsyncClient(transport=httpx.MockTransport(kubelet.answer))
    found, error = await KubeletSource(client, addresses).read([SESSION])
    assert found == {}
    assert str(error) == "the nodes cannot be listed: no route"

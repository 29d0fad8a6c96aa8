"""What the culler reads of GPUs, processor and network in a real Prometheus."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import httpx
import pytest
from gpucommons_culler.core.signals import SignalName
from gpucommons_culler.telemetry.sources.prometheus import PrometheusSource, Queries

from tests.unit.culler.samples import a_session

from ..prometheus import Exporter, Prometheus

SHORT = Queries(
    **{
        name: getattr(Queries(), name).replace("[2m]", "[5s]")
        for name in ("gpu", "gpu_memory", "processor", "network")
    }
)
"""As the usual ones, that a test need not wait for two minutes."""
ADA = replace(a_session(), pod="team-vision/ada", gpus=Decimal(1))
BEN = replace(a_session(), pod="team-vision/ben", gpus=Decimal(1))

_ALL = {SignalName.GPU, SignalName.PROCESSOR, SignalName.NETWORK}


def _figures(seconds: float, gpu: float = 0) -> dict[str, float]:
    """Ada's GPU at some percent, half a core and 200 kB/s of hers; Ben does nothing."""
    return {
        'DCGM_FI_DEV_GPU_UTIL{namespace="team-vision",pod="ada",gpu="0"}': gpu,
        'DCGM_FI_DEV_GPU_UTIL{namespace="team-vision",pod="ada",gpu="1"}': 0,
        'DCGM_FI_DEV_FB_USED{namespace="team-vision",pod="ada",gpu="0"}': 1000,
        'DCGM_FI_DEV_GPU_UTIL{namespace="team-vision",pod="ben",gpu="2"}': 1,
        'DCGM_FI_DEV_GPU_UTIL{namespace="",pod="",gpu="3"}': 100,
        _cpu("ada", "notebook"): 0.5 * seconds,
        _cpu("ada", ""): 9 * seconds,  # of the whole pod, which is not to be counted twice
        _cpu("ben", "notebook"): 0.01 * seconds,
        'container_network_receive_bytes_total{namespace="team-vision",pod="ada"}': 150e3 * seconds,
        'container_network_transmit_bytes_total{namespace="team-vision",pod="ada"}': 50e3 * seconds,
        'container_network_receive_bytes_total{namespace="team-vision",pod="ben"}': 0,
        'container_network_transmit_bytes_total{namespace="team-vision",pod="ben"}': 0,
    }


def _cpu(pod: str, container: str) -> str:
    labels = f'namespace="team-vision",pod="{pod}",container="{container}"'
    return f"container_cpu_usage_seconds_total{{{labels}}}"


@pytest.fixture(scope="module")
def exporter() -> Iterator[Exporter]:
    exporter = Exporter()
    exporter.start()
    yield exporter
    exporter.stop()


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory, exporter) -> Iterator[Prometheus]:
    prometheus = Prometheus(tmp_path_factory.mktemp("prometheus"), exporter)
    prometheus.start()
    yield prometheus
    prometheus.stop()


async def _play(exporter: Exporter, seconds: float, gpu: float) -> None:
    """Let the figures grow with the time, as counters do."""
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        exporter.figures = _figures(time.monotonic(), gpu)
        await asyncio.sleep(min(0.2, seconds - passed))


async def _measured(exporter: Exporter, source: PrometheusSource, names: set[SignalName]):
    """Play until all these signals of both sessions are known; a rate takes some scrapes."""
    async with asyncio.timeout(120):
        while True:
            await _play(exporter, 2, gpu=97)
            found, error = await source.read([ADA, BEN])
            both = [{each.name for each in found.get(one.pod, ())} for one in (ADA, BEN)]
            if all(names <= known for known in both) and _is_steady(found[ADA.pod]):
                return found, error


def _is_steady(measured) -> bool:
    """Whether the rates that there are have settled."""
    return all(each.active for each in measured)


async def test_all_sessions_are_measured_by_one_query_of_each(exporter, prometheus):
    async with httpx.AsyncClient(timeout=60) as client:
        source = PrometheusSource(client, prometheus.url, SHORT)
        found, error = await _measured(exporter, source, _ALL)
    assert error is None
    ada = {each.name: each for each in found["team-vision/ada"]}
    assert ada[SignalName.GPU].value == "GPU at most 97 %"
    assert ada[SignalName.GPU].gpu_memory == 1000 * 2**20
    assert all(each.active for each in ada.values())
    cores = float(ada[SignalName.PROCESSOR].value.split()[2])
    assert 0.1 < cores < 1, "half a core; over so few seconds a rate is rough"
    ben = {each.name: each.active for each in found["team-vision/ben"]}
    assert set(ben) == {SignalName.GPU, SignalName.PROCESSOR, SignalName.NETWORK}
    assert not any(ben.values())
    assert found.keys() == {"team-vision/ada", "team-vision/ben"}


@pytest.fixture
def renaming(tmp_path, exporter) -> Iterator[Prometheus]:
    """As NVIDIA's chart sets it up: the target is the exporter's pod, honorLabels is false."""
    labels = {"namespace": "gpu-operator", "pod": "nvidia-dcgm-exporter-x7"}
    prometheus = Prometheus(tmp_path, exporter, labels)
    prometheus.start()
    yield prometheus
    prometheus.stop()


async def test_a_session_is_found_where_prometheus_renames_the_exporter_s_labels(
    exporter, renaming
):
    async with httpx.AsyncClient(timeout=60) as client:
        source = PrometheusSource(client, renaming.url, SHORT)
        found, error = await _measured(exporter, source, {SignalName.GPU})
    (first, *_) = renaming.ask("DCGM_FI_DEV_GPU_UTIL")
    assert first["metric"]["pod"] == "nvidia-dcgm-exporter-x7"
    assert error is None
    (ada,) = (each for each in found[ADA.pod] if each.name is SignalName.GPU)
    assert (ada.value, ada.gpu_memory) == ("GPU at most 97 %", 1000 * 2**20)
    (ben,) = (each for each in found[BEN.pod] if each.name is SignalName.GPU)
    assert not ben.active
    assert found.keys() == {ADA.pod, BEN.pod}, "the exporter is no session"


async def test_of_a_crashed_exporter_nothing_is_known_soon(exporter, prometheus):
    await _play(exporter, 3, gpu=97)
    exporter.crashed = True
    try:
        async with httpx.AsyncClient(timeout=60) as client:
            source = PrometheusSource(client, prometheus.url, SHORT)
            deadline = time.monotonic() + 120
            while (await source.read([ADA]))[0]:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.5)
    finally:
        exporter.crashed = False


async def test_a_query_with_a_mistake_leaves_the_others_and_is_told(exporter, prometheus):
    broken = replace(SHORT, network="sum by (")
    async with httpx.AsyncClient(timeout=60) as client:
        source = PrometheusSource(client, prometheus.url, broken)
        found, error = await _measured(exporter, source, _ALL - {SignalName.NETWORK})
    assert {each.name for each in found[ADA.pod]} == {SignalName.GPU, SignalName.PROCESSOR}
    assert "Prometheus refuses sum by (: " in str(error)


async def test_without_a_query_a_signal_is_not_provided(prometheus):
    async with httpx.AsyncClient(timeout=60) as client:
        source = PrometheusSource(client, prometheus.url, replace(SHORT, gpu=""))
        assert source.provides == {SignalName.PROCESSOR, SignalName.NETWORK}


async def test_a_prometheus_that_is_away_is_told():
    async with httpx.AsyncClient(timeout=60) as client:
        found, error = await PrometheusSource(client, "http://127.0.0.1:9", SHORT).read([ADA])
    assert found == {}
    assert "Prometheus does not answer: " in str(error)

"""What Prometheus answers, turned into readings: whose it is, and of which moment."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest
from gpucommons_culler.core.signals import SignalName
from gpucommons_culler.telemetry.sources.prometheus import PrometheusSource, Queries

from .samples import ADA, a_session

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SESSION = a_session(ADA, pod="team-vision/jupyter-ada", gpus=Decimal(1))
PLAIN = {"namespace": "team-vision", "pod": "jupyter-ada"}
RENAMED = {
    "namespace": "gpu-operator",
    "pod": "nvidia-dcgm-exporter-x7",
    "exported_namespace": "team-vision",
    "exported_pod": "jupyter-ada",
}


def _source(*rows: tuple[dict[str, str], str], at: datetime = NOON) -> PrometheusSource:
    result = [{"metric": labels, "value": [at.timestamp(), value]} for labels, value in rows]
    said = {"status": "success", "data": {"resultType": "vector", "result": result}}
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, json=said))
    queries = Queries(gpu_memory="", processor="", network="")
    return PrometheusSource(httpx.AsyncClient(transport=transport), "http://p", queries)


@pytest.mark.parametrize("labels", [PLAIN, RENAMED, {**PLAIN, "exported_pod": ""}])
async def test_a_session_is_found_by_either_form_of_its_labels(labels):
    found, error = await _source((labels, "97")).read([SESSION])
    assert error is None
    (reading,) = found[SESSION.pod]
    assert (reading.name, reading.active) == (SignalName.GPU, True)


async def test_of_two_figures_of_one_session_the_higher_counts():
    found, _ = await _source((PLAIN, "0"), (RENAMED, "40")).read([SESSION])
    assert found[SESSION.pod][0].value == "GPU at most 40 %"


async def test_a_figure_is_as_old_as_prometheus_says():
    before = NOON - timedelta(hours=1)
    found, _ = await _source((PLAIN, "0"), at=before).read([SESSION])
    assert found[SESSION.pod][0].at == before


@pytest.mark.parametrize("value", ["NaN", "+Inf"])
async def test_what_is_no_number_is_not_known(value):
    assert await _source((PLAIN, value)).read([SESSION]) == ({}, None)

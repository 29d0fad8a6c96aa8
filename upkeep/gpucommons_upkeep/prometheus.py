"""What Prometheus knows of pods: one question for all of them, about now or about the past.

Source: https://prometheus.io/docs/prometheus/latest/querying/api/
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

POD_LABELS = "namespace, pod, exported_namespace, exported_pod"
"""By which a query keeps pods apart.

An exporter names the pod that it measures. Without ``honorLabels``, as in NVIDIA's own chart,
Prometheus puts the exporter's pod in that place, and the measured one into
``exported_namespace`` and ``exported_pod``: these count where an answer has them.
Source: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config
"""


class PrometheusError(Exception):
    """It does not answer, or not sensibly. The message says which, and why."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What is reported of a pod, and for which moment, UTC."""

    value: float
    at: datetime


class Prometheus:
    """Asks one Prometheus. Of several figures of one pod the highest counts."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        """url: such as ``http://prometheus-operated.monitoring.svc:9090``."""
        self._client, self._url = client, url.rstrip("/")

    async def now(self, query: str, at: datetime | None = None) -> dict[str, Sample]:
        """Return what a query gives by pod, as ``NAMESPACE/NAME``; now, or as it was at a moment.

        Raises PrometheusError.
        """
        result = await self._ask("query", query, {"time": at.timestamp()} if at else {})
        try:
            samples = [(_pod(one["metric"]), _sample(*one["value"])) for one in result]
        except _UNREADABLE as error:
            raise _cannot_be_read(query, error) from error
        found: dict[str, Sample] = {}
        for pod, sample in samples:
            if math.isfinite(sample.value) and (
                pod not in found or sample.value > found[pod].value
            ):
                found[pod] = sample
        return found

    async def over(
        self, query: str, begin: datetime, end: datetime, step: timedelta
    ) -> dict[str, dict[datetime, float]]:
        """Return what a query gave by pod, at ``begin`` and after each step until ``end``.

        A moment at which nothing was known is left out. Prometheus gives at most 11,000 moments.
        Raises PrometheusError.
        """
        span = {"start": begin.timestamp(), "end": end.timestamp(), "step": step.total_seconds()}
        result = await self._ask("query_range", query, span)
        found: dict[str, dict[datetime, float]] = {}
        try:
            for one in result:
                values = found.setdefault(_pod(one["metric"]), {})
                for sample in (_sample(*each) for each in one["values"]):
                    if math.isfinite(sample.value):
                        values[sample.at] = max(sample.value, values.get(sample.at, -math.inf))
        except _UNREADABLE as error:
            raise _cannot_be_read(query, error) from error
        return found

    async def _ask(self, path: str, query: str, span: Mapping[str, float]) -> list[Any]:
        url = f"{self._url}/api/v1/{path}"
        try:
            answer = await self._client.post(url, data={"query": query, **span})
            said: dict[str, Any] = answer.json()
            if said["status"] != "success":
                raise PrometheusError(f"Prometheus refuses {query}: {said.get('error')}")
            result: list[Any] = said["data"]["result"]
        except httpx.HTTPError as error:
            raise PrometheusError(
                f"Prometheus does not answer: {str(error) or type(error).__name__}"
            ) from error
        except _UNREADABLE as error:
            raise _cannot_be_read(query, error) from error
        return result


_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, OverflowError)


def _cannot_be_read(query: str, error: Exception) -> PrometheusError:
    return PrometheusError(f"Prometheus' response to {query} cannot be read: {error!r}")


def _pod(labels: Mapping[str, str]) -> str:
    """Return the measured pod, not the exporter's own."""
    if labels.get("exported_pod"):
        namespace = labels.get("exported_namespace") or labels["namespace"]
        return f"{namespace}/{labels['exported_pod']}"
    return f"{labels['namespace']}/{labels['pod']}"


def _sample(seconds: float, value: str) -> Sample:
    return Sample(float(value), datetime.fromtimestamp(float(seconds), UTC))

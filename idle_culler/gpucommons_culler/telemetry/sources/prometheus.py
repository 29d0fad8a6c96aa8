"""GPU, processor and network of sessions, as Prometheus knows them: one query for all of each.

GPUs are measured by NVIDIA's dcgm-exporter, containers by the kubelet's cAdvisor.
Source: https://docs.nvidia.com/datacenter/cloud-native/gpu-telemetry/latest/dcgm-exporter.html
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import httpx
from gpucommons_contract import WORK_ABOVE_PERCENT
from gpucommons_upkeep.prometheus import POD_LABELS, Prometheus, PrometheusError, Sample

from gpucommons_culler.core.session import Session
from gpucommons_culler.core.signals import SignalName
from gpucommons_culler.telemetry.sources.source import Measurement, SourceError, Thresholds


@dataclass(frozen=True, slots=True)
class Queries:
    """PromQL. Each returns one number for a pod, with the labels ``namespace`` and ``pod``.

    They look back a minute or two and not further: where an exporter is gone, the answer is
    empty, and what it measured counts as not known.
    """

    gpu: str = f'max by ({POD_LABELS}) (max_over_time(DCGM_FI_DEV_GPU_UTIL{{pod!=""}}[2m]))'
    """Percent of the busiest GPU. Empty where no GPU is measured by Prometheus."""
    gpu_memory: str = (
        f'sum by ({POD_LABELS}) (last_over_time(DCGM_FI_DEV_FB_USED{{pod!=""}}[2m])) * 2^20'
    )
    """Bytes."""
    processor: str = (
        'sum by (namespace, pod) (rate(container_cpu_usage_seconds_total{container!=""}[2m]))'
    )
    """Cores."""
    network: str = (
        "sum by (namespace, pod) (rate(container_network_receive_bytes_total[2m])"
        " + rate(container_network_transmit_bytes_total[2m]))"
    )
    """Bytes per second."""


class PrometheusSource:
    """Asks Prometheus. A query that is empty is not asked, and its signal is not provided."""

    title = "Prometheus"

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        queries: Queries = Queries(),
        thresholds: Thresholds = Thresholds(),  # noqa: B008 -- frozen
        gpu_percent: float = WORK_ABOVE_PERCENT,
    ) -> None:
        """Above ``gpu_percent`` a GPU works; reading NVML again and again shows 1 %."""
        self._prometheus = Prometheus(client, url)
        self._queries = queries
        self._gpu_percent = gpu_percent
        judges: Mapping[SignalName, tuple[str, Callable[[float], Measurement]]] = {
            SignalName.GPU: (queries.gpu, self._gpu),
            SignalName.PROCESSOR: (queries.processor, thresholds.processor),
            SignalName.NETWORK: (queries.network, thresholds.network),
        }
        self._judges = {name: one for name, one in judges.items() if one[0]}

    @property
    def provides(self) -> frozenset[SignalName]:
        """What it is asked for."""
        return frozenset(self._judges)

    async def read(
        self, sessions: Sequence[Session]
    ) -> tuple[dict[str, list[Measurement]], SourceError | None]:
        """Ask all queries at once; one that fails leaves the others what they are."""
        wanted = {session.pod for session in sessions}
        queries = [query for query, _ in self._judges.values()]
        memory = SignalName.GPU in self._judges and bool(self._queries.gpu_memory)
        if memory:
            queries.append(self._queries.gpu_memory)
        answers = await asyncio.gather(*map(self._ask, queries), return_exceptions=True)
        failed = [str(answer) for answer in answers if isinstance(answer, SourceError)]
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, SourceError):
                raise answer
        held = answers[-1] if memory and isinstance(answers[-1], dict) else {}
        found: dict[str, list[Measurement]] = {}
        for (_, judge), answer in zip(self._judges.values(), answers, strict=False):
            if isinstance(answer, dict):
                for pod in answer.keys() & wanted:
                    reading = replace(judge(answer[pod].value), at=answer[pod].at)
                    found.setdefault(pod, []).append(reading)
        for pod in found.keys() & held.keys():
            found[pod] = [_with_memory(each, held[pod].value) for each in found[pod]]
        return found, SourceError("; ".join(failed)) if failed else None

    def _gpu(self, percent: float) -> Measurement:
        text = f"GPU at most {percent:.0f} %"
        return Measurement(SignalName.GPU, percent > self._gpu_percent, text)

    async def _ask(self, query: str) -> dict[str, Sample]:
        try:
            return await self._prometheus.now(query)
        except PrometheusError as error:
            raise SourceError(str(error)) from error


def _with_memory(reading: Measurement, held: float) -> Measurement:
    if reading.name is not SignalName.GPU:
        return reading
    return replace(reading, gpu_memory=int(held))

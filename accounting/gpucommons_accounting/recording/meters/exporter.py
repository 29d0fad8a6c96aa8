"""How busy GPUs are by NVIDIA's dcgm-exporter, as Prometheus has it: of all sessions at once.

Source: https://docs.nvidia.com/datacenter/cloud-native/gpu-telemetry/latest/dcgm-exporter.html
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gpucommons_upkeep.prometheus import POD_LABELS, Prometheus

from gpucommons_accounting.reckoning.use.readings import MEMORY_LIMIT, Reading

STEP = timedelta(minutes=1)
"""A minute without a sample is not known; so exporters are to be read at least once in each."""
_MINUTE = "59s999ms"
"""A minute, without its first moment: that is the last one of the minute before."""
_SAMPLED = "15s"
"""How finely it is looked for a pod's last sample."""
_A_DAY = timedelta(days=1)
"""For which last samples are asked at once: Prometheus looks at 5,760 moments."""
_PODS_AT_ONCE = 100
"""For how many pods they are asked at once."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """Names of metrics with a pod's namespace and name as labels; an empty one is not asked."""

    ratio: str = "DCGM_FI_PROF_GR_ENGINE_ACTIVE"
    """From 0 to 1: the part of the time in which a GPU or a MIG slice had something to do."""
    percent: str = "DCGM_FI_DEV_GPU_UTIL"
    """Where the former is missing. NVIDIA has it of no MIG slice."""
    memory: str = "DCGM_FI_DEV_FB_USED"
    """MiB."""


class Exporter:
    """Reads the past of all pods. Everything raises PrometheusError."""

    def __init__(self, prometheus: Prometheus, metrics: Metrics) -> None:
        """Raises ValueError if it is told of no metric."""
        if not (metrics.ratio or metrics.percent):
            raise ValueError("a metric of how busy GPUs are is needed")
        self._prometheus, self._metrics = prometheus, metrics

    async def readings(self, begin: datetime, end: datetime) -> dict[str, list[Reading]]:
        """Return a reading for each minute that is known, by pod, as ``NAMESPACE/NAME``.

        begin: when a minute begins, as ``end``.
        """
        first = begin + STEP
        means = await self._prometheus.over(self._busy("avg"), first, end, STEP)
        highest = await self._prometheus.over(self._busy("max"), first, end, STEP)
        held: dict[str, dict[datetime, float]] = {}
        if self._metrics.memory:
            most = f"max_over_time({_of_pods(self._metrics.memory)}[{_MINUTE}])"
            query = f"sum by ({POD_LABELS}) ({most}) * 2^20"
            held = await self._prometheus.over(query, first, end, STEP)
        found: dict[str, list[Reading]] = defaultdict(list)
        for pod, values in means.items():
            for at, percent in sorted(values.items()):
                busiest = highest.get(pod, {}).get(at, percent)
                memory = held.get(pod, {}).get(at)
                known = memory is not None and 0 <= memory < MEMORY_LIMIT
                used = int(memory) if memory is not None and known else None
                found[pod].append(Reading(at - STEP, at, percent, busiest, used))
        return dict(found)

    async def last_samples(
        self, pods: Collection[str], begin: datetime, end: datetime
    ) -> dict[str, datetime]:
        """Return when each of some pods was measured last after ``begin`` and until ``end``."""
        found: dict[str, datetime] = {}
        names = sorted(pods)
        for first in range(0, len(names), _PODS_AT_ONCE):
            sought, until = set(names[first : first + _PODS_AT_ONCE]), end
            while sought and begin < until:
                since = max(begin, until - _A_DAY)
                last = await self._last(sought, since, until)
                found |= {pod: at for pod, at in last.items() if at > since and pod in sought}
                sought -= found.keys()
                until = since
        return found

    async def _last(
        self, pods: Collection[str], since: datetime, until: datetime
    ) -> dict[str, datetime]:
        """Return when pods were measured last, as far as one query can tell."""
        metrics = [each for each in (self._metrics.ratio, self._metrics.percent) if each]
        at = " or ".join(
            f"timestamp({each})" for metric in metrics for each in _named(metric, pods)
        )
        looked = f"[{math.ceil((until - since).total_seconds())}s:{_SAMPLED}]"
        # Of the last moment, which may be between two steps, too.
        queries = f"max_over_time(({at}){looked})", at
        found: dict[str, datetime] = {}
        for query in queries:
            said = await self._prometheus.now(f"max by ({POD_LABELS}) ({query})", until)
            for pod, sample in said.items():
                moment = datetime.fromtimestamp(sample.value, UTC)
                found[pod] = max(moment, found.get(pod, moment))
        return found

    def _busy(self, over: str) -> str:
        """Return the query for percent: of several samples and GPUs ``avg`` or ``max``."""
        parts = []
        if self._metrics.ratio:
            parts.append(f"100 * {over}_over_time({_of_pods(self._metrics.ratio)}[{_MINUTE}])")
        if self._metrics.percent:
            parts.append(f"{over}_over_time({_of_pods(self._metrics.percent)}[{_MINUTE}])")
        return f"{over} by ({POD_LABELS}) ({' or '.join(parts)})"


def _named(metric: str, pods: Collection[str]) -> Iterator[str]:
    """Yield what selects a metric of pods by their names, wherever it has these."""
    names = "|".join(sorted({pod.partition("/")[2].replace(".", "[.]") for pod in pods}))
    for label in ("pod", "exported_pod"):
        yield f'{metric}{{{label}=~"{names}"}}'


def _of_pods(metric: str) -> str:
    return f'{metric}{{pod!=""}}'

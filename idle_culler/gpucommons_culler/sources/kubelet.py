"""Processor and network of sessions, as each node's kubelet counts them.

One request per node, to the kubelet itself: the right ``nodes/stats`` lets one read figures and
nothing else, while the API server's way there, ``nodes/proxy``, lets one run commands in pods.
Source: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from gpucommons_culler.session import Session
from gpucommons_culler.signals import SignalName
from gpucommons_culler.sources.pod_usage import Thresholds
from gpucommons_culler.sources.source import Reading, SourceError

_AT_ONCE = 10
_PATH = "/stats/summary"
_SHORTEST_S = 5.0
"""Counters that lie closer together say little: the kubelet reads them every 10 seconds or so."""
_LONGEST_S = 180.0
"""Over a longer time a mean hides what happened in it."""

Addresses = Callable[[], Awaitable[Mapping[str, str]]]
"""Answers the kubelets' URLs by the nodes' names."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """What a kubelet counted of a pod until a moment: core seconds, bytes."""

    at: float
    seconds: float
    bytes: float


class KubeletSource:
    """Asks all kubelets. It takes two readings, one after another, to tell a rate."""

    title = "the node"
    provides = frozenset({SignalName.PROCESSOR, SignalName.NETWORK})

    def __init__(
        self,
        client: httpx.AsyncClient,
        addresses: Addresses,
        thresholds: Thresholds = Thresholds(),  # noqa: B008 -- frozen
    ) -> None:
        """``client`` carries token and certificates; ``addresses`` is asked at each reading."""
        self._client = client
        self._addresses = addresses
        self._thresholds = thresholds
        self._before: dict[str, _Counted] = {}
        self._readings: dict[str, list[Reading]] = {}

    async def read(
        self, sessions: Sequence[Session]
    ) -> tuple[dict[str, list[Reading]], SourceError | None]:
        """Measure since the last reading; of a new session the first time tells nothing."""
        try:
            addresses = await self._addresses()
        except Exception as error:
            return {}, SourceError(f"the nodes cannot be listed: {error}")
        turns = asyncio.Semaphore(_AT_ONCE)
        answers = await asyncio.gather(
            *(self._ask(turns, node, url) for node, url in addresses.items())
        )
        wanted = {session.pod for session in sessions}
        counted: dict[str, _Counted] = {}
        failed = [answer for answer in answers if isinstance(answer, str)]
        for answer in answers:
            if not isinstance(answer, str):
                counted |= {pod: one for pod, one in answer.items() if pod in wanted}
        readings = {pod: self._judge(pod, one) for pod, one in counted.items()}
        self._before = {pod: self._kept(pod, one) for pod, one in counted.items()}
        self._readings = {pod: found for pod, found in readings.items() if found}
        return self._readings, SourceError("; ".join(sorted(failed))) if failed else None

    def _judge(self, pod: str, now: _Counted) -> list[Reading]:
        before = self._before.get(pod)
        if before is None:
            return []
        passed = now.at - before.at
        if passed < _SHORTEST_S:
            return self._readings.get(pod, [])  # the kubelet has not counted anew
        if passed > _LONGEST_S or now.seconds < before.seconds or now.bytes < before.bytes:
            return []  # a container was started anew, or nobody looked: nothing is known
        return [
            self._thresholds.processor((now.seconds - before.seconds) / passed),
            self._thresholds.network((now.bytes - before.bytes) / passed),
        ]

    def _kept(self, pod: str, now: _Counted) -> _Counted:
        before = self._before.get(pod)
        return before if before and 0 <= now.at - before.at < _SHORTEST_S else now

    async def _ask(
        self, turns: asyncio.Semaphore, node: str, url: str
    ) -> dict[str, _Counted] | str:
        """Answer what one kubelet counted, or why it did not."""
        async with turns:
            try:
                answer = await self._client.get(url + _PATH)
                answer.raise_for_status()
                pods = answer.json()["pods"]
                found = {_name(pod): _count(pod) for pod in pods if "cpu" in pod}
            except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
                return f"node {node} does not tell: {error or type(error).__name__}"
        return {pod: one for pod, one in found.items() if one}


def _name(pod: Mapping[str, Any]) -> str:
    reference = pod["podRef"]
    return f"{reference['namespace']}/{reference['name']}"


def _count(pod: Mapping[str, Any]) -> _Counted | None:
    processor, network = pod["cpu"], pod.get("network", {})
    if "usageCoreNanoSeconds" not in processor or "rxBytes" not in network:
        return None  # just started
    moment = datetime.fromisoformat(processor["time"]).timestamp()
    traffic = network["rxBytes"] + network.get("txBytes", 0)
    return _Counted(moment, processor["usageCoreNanoSeconds"] / 1e9, float(traffic))

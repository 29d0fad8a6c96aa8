"""Processor and network of sessions, as each node's kubelet counts them.

One request per node, to the kubelet itself: the right ``nodes/stats`` lets one read figures and
nothing else, while the API server's way there, ``nodes/proxy``, lets one run commands in pods.
Source: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx

from gpucommons_culler.core.deadline import within
from gpucommons_culler.core.session import Session
from gpucommons_culler.core.signals import SignalName
from gpucommons_culler.telemetry.sources.source import Measurement, SourceError, Thresholds

_AT_ONCE = 20
_PATIENCE_S = 20.0
"""How long all nodes together may take; those that are late are unknown."""
_PATH = "/stats/summary"
_SHORTEST_S = 5.0
"""Counters closer together say little: the kubelet reads them about every 10 seconds."""
_LONGEST_S = 180.0
"""Over a longer time a mean hides what happened in it."""

KubeletAddresses = Callable[[], Awaitable[Mapping[str, str]]]
"""Returns the kubelets' URLs by the nodes' names."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """What a kubelet counted of a pod until a moment: core seconds, bytes."""

    at: float
    seconds: float
    bytes: float


class KubeletSource:
    """Asks all kubelets. A rate takes two readings, one after the other."""

    title = "the node"
    provides = frozenset({SignalName.PROCESSOR, SignalName.NETWORK})

    def __init__(
        self,
        client: httpx.AsyncClient,
        addresses: KubeletAddresses,
        thresholds: Thresholds = Thresholds(),  # noqa: B008 -- frozen
    ) -> None:
        """``client`` carries token and certificates; ``addresses`` is asked at each reading."""
        self._client = client
        self._addresses = addresses
        self._thresholds = thresholds
        self._before: dict[str, _Counted] = {}
        self._readings: dict[str, list[Measurement]] = {}

    async def read(
        self, sessions: Sequence[Session]
    ) -> tuple[dict[str, list[Measurement]], SourceError | None]:
        """Measure since the last reading; of a new session the first reading says nothing."""
        try:
            addresses = await self._addresses()
        except Exception as error:
            said = str(error) or type(error).__name__
            return {}, SourceError(f"the nodes cannot be listed: {said}")
        turns = asyncio.Semaphore(_AT_ONCE)
        asked = (self._ask(turns, node, url) for node, url in addresses.items())
        answers = [
            f"node {node} has not answered within {_PATIENCE_S:.0f} s" if answer is None else answer
            for node, answer in zip(addresses, await within(_PATIENCE_S, asked), strict=True)
        ]
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

    def _judge(self, pod: str, now: _Counted) -> list[Measurement]:
        before = self._before.get(pod)
        if before is None:
            return []
        passed = now.at - before.at
        if passed < _SHORTEST_S:
            return self._readings.get(pod, [])  # not counted again since
        if passed > _LONGEST_S or now.seconds < before.seconds or now.bytes < before.bytes:
            return []  # a container was restarted, or nobody looked: nothing is known
        found = (
            self._thresholds.processor((now.seconds - before.seconds) / passed),
            self._thresholds.network((now.bytes - before.bytes) / passed),
        )
        at = datetime.fromtimestamp(now.at, UTC)
        return [replace(reading, at=at) for reading in found]

    def _kept(self, pod: str, now: _Counted) -> _Counted:
        before = self._before.get(pod)
        return before if before and 0 <= now.at - before.at < _SHORTEST_S else now

    async def _ask(
        self, turns: asyncio.Semaphore, node: str, url: str
    ) -> dict[str, _Counted] | str:
        """Return what one kubelet counted, or why it did not."""
        async with turns:
            try:
                answer = await self._client.get(url + _PATH)
                answer.raise_for_status()
                pods = answer.json()["pods"]
                found = {_name(pod): _count(pod) for pod in pods if "cpu" in pod}
            except Exception as error:  # whatever a node says, the others' figures are good
                return f"node {node} does not answer: {str(error) or type(error).__name__}"
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

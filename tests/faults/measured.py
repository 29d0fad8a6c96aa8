"""Played servers that measure pods: a node's kubelet, and a Prometheus."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web

from .loop_thread import LoopThread


@dataclass(frozen=True, slots=True)
class Use:
    """What a pod has used so far, and what its GPU does now."""

    namespace: str
    pod: str
    core_seconds: float
    bytes: float
    gpu_percent: float = 0.0
    gpu_bytes: int = 0


Uses = Callable[[], Iterable[Use]]
"""Answers what there is to measure now."""
Moment = Callable[[], float]
"""A clock: seconds since the epoch."""


def kubelet(uses: Uses, now: Moment = time.time) -> web.Application:
    """A node's kubelet, as far as its figures are asked."""

    async def summary(_request: web.Request) -> web.Response:
        return web.json_response({"pods": [_stats(use, now()) for use in uses()]})

    application = web.Application()
    application.router.add_get("/stats/summary", summary)
    return application


def _stats(use: Use, now: float) -> dict[str, object]:
    moment = datetime.fromtimestamp(now, UTC).isoformat().replace("+00:00", "Z")
    return {
        "podRef": {"namespace": use.namespace, "name": use.pod},
        "cpu": {"time": moment, "usageCoreNanoSeconds": int(use.core_seconds * 1e9)},
        "network": {"time": moment, "rxBytes": int(use.bytes), "txBytes": 0},
    }


def prometheus(uses: Uses, now: Moment = time.time) -> web.Application:
    """A Prometheus that knows two queries: ``gpu`` in percent, and ``memory`` in bytes."""

    async def query(request: web.Request) -> web.Response:
        asked = (await request.post()).get("query")
        result = [
            {
                "metric": {"namespace": use.namespace, "pod": use.pod},
                "value": [now(), str(use.gpu_percent if asked == "gpu" else use.gpu_bytes)],
            }
            for use in uses()
        ]
        data = {"resultType": "vector", "result": result}
        return web.json_response({"status": "success", "data": data})

    application = web.Application()
    application.router.add_post("/api/v1/query", query)
    return application


def serve(application: web.Application, thread: LoopThread) -> str:
    """Serve something on a loopback port of its own, as long as the thread runs."""

    async def begin() -> str:
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        thread.at_end.append(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    return thread.do(begin())

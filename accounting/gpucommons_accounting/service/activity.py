"""How busy GPUs are: its settings, and the program's part that writes it down."""

import asyncio
import logging
import math
import re
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import httpx
from gpucommons_upkeep import Backoff, Heartbeat, keep_going
from gpucommons_upkeep.clock import utc_now
from gpucommons_upkeep.http_client import HTTPClient
from gpucommons_upkeep.prometheus import Prometheus
from gpucommons_web.running import end, variable
from traitlets import Bool, Float, Integer, TraitError, Unicode, validate
from traitlets.config import Config, Configurable

from gpucommons_accounting.database.store import Store
from gpucommons_accounting.recording.hub_tokens import makes_tokens
from gpucommons_accounting.recording.measuring import Measuring, Meters
from gpucommons_accounting.recording.meters.exporter import STEP, Exporter, Metrics
from gpucommons_accounting.recording.meters.session import SessionMeter
from gpucommons_accounting.recording.recorder import Recorder
from gpucommons_accounting.recording.unseen_ends import UnseenEnds

log = logging.getLogger(__name__)

_METRICS = Metrics()
_NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_AFTER_S = 15.0
"""So long after a minute is over it is asked about: its last sample has been written by then."""
_CONNECTIONS = 20
_A_DAY = timedelta(days=1)


class ActivitySources(Configurable):
    """Who is asked how busy GPUs are, and for how long that is kept."""

    prometheus_url = Unicode(
        "",
        help="""
        Address of Prometheus, which knows GPUs by NVIDIA's dcgm-exporter. Empty: there is none,
        and sessions are asked. Example: ``http://prometheus-operated.monitoring.svc:9090``
        """,
    ).tag(config=True)

    ratio_metric = Unicode(
        _METRICS.ratio,
        help="""
        Name of the metric that says, from 0 to 1, how busy a pod's GPU or MIG slice is. It has the
        pod's labels namespace and pod, and at least one sample a minute. Empty: not asked.
        """,
    ).tag(config=True)
    percent_metric = Unicode(
        _METRICS.percent, help="The same in percent, for GPUs of which the other one says nothing."
    ).tag(config=True)
    memory_metric = Unicode(
        _METRICS.memory, help="Name of the metric of used GPU memory, in MiB. Empty: not asked."
    ).tag(config=True)
    sample_seconds = Float(
        15.0,
        min=1,
        max=60,
        help="""
        How often Prometheus reads the exporter. By so much the end of a session is uncertain that
        nobody saw, and of which the last sample is known.
        """,
    ).tag(config=True)

    ask_sessions = Bool(
        True,
        help="""
        Whether a session of which Prometheus says nothing is asked how busy its GPUs are. What it
        answers is up to its person.
        """,
    ).tag(config=True)

    retention_days = Integer(
        400, min=1, help="Days to keep how busy GPUs were; a little over a year by default."
    ).tag(config=True)

    @validate("ratio_metric", "percent_metric", "memory_metric")
    def _a_name(self, proposal: Mapping[str, str]) -> str:
        if proposal["value"] and not _NAME.fullmatch(proposal["value"]):
            raise TraitError(
                f"A metric of ActivitySources is {proposal['value']!r}: the name of a metric is "
                "needed, such as DCGM_FI_DEV_GPU_UTIL, without braces."
            )
        return proposal["value"]


class ActivityRecording:
    """Writes down how busy GPUs are, once in a minute, while this replica records."""

    def __init__(self, config: Config, environment: Mapping[str, str]) -> None:
        self._sources, self._environment = ActivitySources(config=config), environment
        self.heart = Heartbeat("writing down how busy GPUs are", math.inf)
        """Nobody is turned away because of it."""

    async def begin(
        self, stack: AsyncExitStack, store: Store, recorder: Recorder, leads: Callable[[], bool]
    ) -> None:
        """Go on until the stack is closed. Raises SetupError for a missing variable."""
        kept = store.activities
        exporter = await self._exporter(stack)
        meters = Meters(exporter, await self._sessions(stack))
        measuring = Measuring(kept, recorder.pods, meters, utc_now)
        apart = timedelta(seconds=self._sources.sample_seconds)
        ends = UnseenEnds(store, exporter, apart, utc_now) if exporter else None
        forgotten = datetime.min.replace(tzinfo=utc_now().tzinfo)

        async def step() -> None:
            nonlocal forgotten
            await asyncio.sleep(_until_next(utc_now()))
            if not (leads() and recorder.pods.listed):
                return
            if ends:
                await ends.step()
            await measuring.step()
            if utc_now() - forgotten >= _A_DAY:
                before = utc_now() - timedelta(days=self._sources.retention_days)
                count = await asyncio.to_thread(kept.forget, before)
                forgotten = utc_now()
                if count:
                    log.info("Forgot how busy GPUs were in %d quarters of an hour", count)

        work = keep_going(step, heart=self.heart, backoff=Backoff(1.0, 60.0), log=log)
        stack.push_async_callback(end, asyncio.create_task(work))

    async def _exporter(self, stack: AsyncExitStack) -> Exporter | None:
        said = self._sources
        metrics = Metrics(said.ratio_metric, said.percent_metric, said.memory_metric)
        if not said.prometheus_url or not (metrics.ratio or metrics.percent):
            return None
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=30.0))
        return Exporter(Prometheus(client, said.prometheus_url), metrics)

    async def _sessions(self, stack: AsyncExitStack) -> SessionMeter | None:
        if not self._sources.ask_sessions:
            return None
        url, token = (
            variable(self._environment, name)
            for name in ("JUPYTERHUB_API_URL", "JUPYTERHUB_API_TOKEN")
        )
        calls = await stack.enter_async_context(HTTPClient(_CONNECTIONS))
        return SessionMeter(makes_tokens(calls, url, token), calls)


def _until_next(now: datetime) -> float:
    """Return the seconds until a minute has been over for a while."""
    step = STEP.total_seconds()
    return step - (now.timestamp() - _AFTER_S) % step

"""The settings of the sources."""

from contextlib import AsyncExitStack

import httpx
from gpucommons_contract import WORK_ABOVE_PERCENT
from gpucommons_upkeep.kubernetes import connect
from traitlets import Bool, Float, Unicode
from traitlets.config import Configurable

from gpucommons_culler.clients.kubernetes import Nodes, kubelet_client
from gpucommons_culler.telemetry.sources.kubelet import KubeletSource
from gpucommons_culler.telemetry.sources.prometheus import PrometheusSource, Queries
from gpucommons_culler.telemetry.sources.source import Source, Thresholds

_FORMER_SECTION = "Measuring"
"""The name that this class had; installations may still set it so."""
_USUAL = Thresholds()
_QUERIES = Queries()


class SignalSources(Configurable):
    """What measures sessions from outside, and above what they count as in use."""

    kubelets = Bool(
        True,
        help="""
        Whether to ask the nodes' kubelets for sessions' use of processor and network. Needs the
        rights in cluster/base/idle-rights.yaml. Turn it off where Prometheus has these figures.
        """,
    ).tag(config=True)

    kubelet_ca_file = Unicode(
        "",
        help="""
        File with the certificates of the CA that signed the kubelets' own. Empty: the cluster's
        CA, which signs them where the kubelets' ``serverTLSBootstrap`` is on.
        """,
    ).tag(config=True)

    prometheus_url = Unicode(
        "",
        help="""
        Address of Prometheus, for GPUs by NVIDIA's dcgm-exporter and for processor and network.
        Empty: there is none, and the sessions measure their GPUs themselves.
        Example: ``http://prometheus-operated.monitoring.svc:9090``
        """,
    ).tag(config=True)

    gpu_query = Unicode(
        _QUERIES.gpu,
        help="""
        PromQL for the utilization of a pod's busiest GPU in percent, with the labels namespace
        and pod; empty where Prometheus measures no GPUs.
        """,
    ).tag(config=True)
    gpu_memory_query = Unicode(
        _QUERIES.gpu_memory, help="PromQL for the bytes of GPU memory that a pod uses."
    ).tag(config=True)
    processor_query = Unicode(
        _QUERIES.processor, help="PromQL for the cores that a pod uses; empty: not asked."
    ).tag(config=True)
    network_query = Unicode(
        _QUERIES.network, help="PromQL for a pod's bytes per second; empty: not asked."
    ).tag(config=True)

    gpu_percent = Float(
        WORK_ABOVE_PERCENT,
        min=0,
        help="Above this percentage a GPU is in use. Reading NVML alone shows 1 %.",
    ).tag(config=True)
    processor_cores = Float(
        _USUAL.cores,
        min=0,
        help="Above this many cores a session is in use. An open page and idle kernels take 0.02.",
    ).tag(config=True)
    network_bytes = Float(
        _USUAL.bytes_per_second,
        min=0,
        help="Above this many bytes per second a session is in use. An open page takes a few kB.",
    ).tag(config=True)

    @classmethod
    def section_names(cls) -> list[str]:
        """Return the sections of a configuration that are read; the last one counts most."""
        return [_FORMER_SECTION, *super().section_names()]

    async def open(self, stack: AsyncExitStack) -> list[Source]:
        """Open what is set up; it is closed with ``stack``. Raises SetupError."""
        thresholds = Thresholds(self.processor_cores, self.network_bytes)
        found: list[Source] = []
        if self.prometheus_url:
            client = await stack.enter_async_context(httpx.AsyncClient(timeout=10.0))
            queries = Queries(
                self.gpu_query, self.gpu_memory_query, self.processor_query, self.network_query
            )
            found.append(
                PrometheusSource(client, self.prometheus_url, queries, thresholds, self.gpu_percent)
            )
        if self.kubelets:
            api = await connect("Set SignalSources.kubelets to false to ask no kubelets.")
            await stack.enter_async_context(api)
            kubelets = kubelet_client(api, self.kubelet_ca_file)
            await stack.enter_async_context(kubelets)
            found.append(KubeletSource(kubelets, Nodes(api), thresholds))
        return found

"""What an installation sets of the sources."""

from contextlib import AsyncExitStack

import httpx
from traitlets import Bool, Float, Unicode
from traitlets.config import Configurable

from gpucommons_culler.api_server import connect
from gpucommons_culler.nodes import Nodes, kubelet_client
from gpucommons_culler.sources.kubelet import KubeletSource
from gpucommons_culler.sources.pod_usage import Thresholds
from gpucommons_culler.sources.prometheus import PrometheusSource, Queries
from gpucommons_culler.sources.source import Source

_USUAL = Thresholds()
_QUERIES = Queries()


class Measuring(Configurable):  # type: ignore[misc]  # traitlets publishes no types for it
    """Who measures sessions from outside, and from when on they are in use."""

    kubelets = Bool(
        True,
        help="""
        Whether to ask the nodes' kubelets for processor and network of sessions. Needs the
        rights in cluster/base/idle-rights.yaml. Turn it off where Prometheus has them.
        """,
    ).tag(config=True)

    kubelet_ca_file = Unicode(
        "",
        help="""
        File with the certificates of who signed the kubelets' own; empty is the cluster's CA,
        which signs them where the kubelets' ``serverTLSBootstrap`` is on.
        """,
    ).tag(config=True)

    prometheus_url = Unicode(
        "",
        help="""
        Where Prometheus is, for GPUs by NVIDIA's dcgm-exporter and for processor and network.
        Empty: there is none, and GPUs are measured by the sessions themselves.
        Example: ``http://prometheus-operated.monitoring.svc:9090``
        """,
    ).tag(config=True)

    gpu_query = Unicode(
        _QUERIES.gpu,
        help="""
        PromQL for the percent that the busiest GPU of a pod works, with the labels namespace
        and pod; empty where Prometheus measures no GPUs.
        """,
    ).tag(config=True)
    gpu_memory_query = Unicode(
        _QUERIES.gpu_memory, help="PromQL for the bytes that a pod holds on GPUs."
    ).tag(config=True)
    processor_query = Unicode(
        _QUERIES.processor, help="PromQL for the cores that a pod uses; empty: not asked."
    ).tag(config=True)
    network_query = Unicode(
        _QUERIES.network, help="PromQL for a pod's bytes per second; empty: not asked."
    ).tag(config=True)

    gpu_percent = Float(
        3.0, min=0, help="Above so many percent a GPU works. Reading NVML shows 1 %."
    ).tag(config=True)
    processor_cores = Float(
        _USUAL.cores,
        min=0,
        help="Above so many cores a session is in use. An open page and idle kernels take 0.02.",
    ).tag(config=True)
    network_bytes = Float(
        _USUAL.bytes_per_second,
        min=0,
        help="Above so many bytes per second a session is in use. An open page takes a few kB.",
    ).tag(config=True)

    async def open(self, stack: AsyncExitStack) -> list[Source]:
        """Open what is set up; it is closed with ``stack``. Raises CullerError."""
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
            api = await connect("Set Measuring.kubelets to false to ask no kubelets.")
            await stack.enter_async_context(api)
            kubelets = kubelet_client(api, self.kubelet_ca_file)
            await stack.enter_async_context(kubelets)
            found.append(KubeletSource(kubelets, Nodes(api), thresholds))
        return found

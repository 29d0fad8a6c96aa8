"""PromQL that several dashboards share. Pure."""

RATE = "$__rate_interval"
RANGE = "$__range"
HOUR_S = 3600
GPU = "modelName, UUID, GPU_I_ID"
"""Labels of dcgm-exporter that tell GPUs and MIG slices apart.

Source: https://github.com/NVIDIA/dcgm-exporter/blob/main/internal/pkg/rendermetrics/render_metrics.go
"""
WHOLE_GPU = "modelName, UUID"
"""For what each MIG slice reports of its whole GPU, such as power.

Source: https://github.com/NVIDIA/dcgm-exporter/issues/257
"""
PLACE = "Hostname, hostname, gpu"
"""Its labels of a GPU's place; from 2026-05 on, the first has a small letter."""
AT_PLACE = "{{Hostname}}{{hostname}} GPU {{gpu}}"
MIB = "2^20"
"""dcgm-exporter's unit of memory, in bytes."""


def once(labels: str, series: str) -> str:
    """Take each series once: replicas of accounting, and pods that share a GPU, report the same."""
    return f"max by ({labels}) ({series})"


def summed(by: str, labels: str, series: str) -> str:
    """Sum up what each series says once."""
    return f"sum by ({by}) ({once(labels, series)})" if by else f"sum({once(labels, series)})"


def quantile(share: float, histogram: str, by: str, labels: str) -> str:
    """Return a quantile of what a histogram counted, each series once."""
    buckets = once(f"le, {labels}" if labels else "le", f"rate({histogram}_bucket[{RATE}])")
    grouped = f"le, {by}" if by else "le"
    return f"histogram_quantile({share:g}, sum by ({grouped}) ({buckets}))"


def charged(by: str, where: str = "") -> str:
    """Return how many GPUs were charged on average, by labels; ``where`` begins with a comma."""
    held = f'gpucommons_gpu_seconds_total{{state="charged"{where}}}'
    return summed(by, "team, size, product", f"rate({held}[{RATE}])")


def charged_hours(by: str, where: str = "") -> str:
    """Return how many GPU-hours were charged in the time that is shown."""
    held = f'gpucommons_gpu_seconds_total{{state="charged"{where}}}'
    return f"{summed(by, 'team, size, product', f'increase({held}[{RANGE}])')} / {HOUR_S}"


def acting(series: str) -> str:
    """Leave out what a replica of the idle culler says that no longer looks at sessions."""
    last = "gpucommons_idle_last_tick_timestamp_seconds"
    return f"{series} and on (pod) (time() - {last} < 300)"


def by_pod(series: str) -> str:
    """Name what dcgm-exporter measured by the session's pod, as ``team_namespace``, ``session``.

    Without ``honorLabels`` Prometheus puts that into ``exported_namespace`` and ``exported_pod``.
    Source: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config
    """
    named = series
    for name, label in (("team_namespace", "namespace"), ("session", "pod")):
        for source in (label, f"exported_{label}"):
            named = f'label_replace({named}, "{name}", "$1", "{source}", "(.+)")'
    return named

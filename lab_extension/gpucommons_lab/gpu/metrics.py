"""The figures of the GPUs for Prometheus, on the session's own /metrics.

Names follow https://prometheus.io/docs/practices/naming/: base units, and the unit in the name.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from gpucommons_contract import GPU, TelemetryFrame, Throttle
from prometheus_client import Metric
from prometheus_client.registry import Collector

_LABELS = ("gpu", "uuid", "name")
_HERTZ = 1_000_000
"""In a MHz."""


class _Gauge(NamedTuple):
    name: str
    help: str
    value: Callable[[GPU], float | None]
    """None where the figure is not known."""


_GAUGES = (
    _Gauge(
        "utilization_ratio",
        "Share of the time in which the GPU computed.",
        lambda gpu: None if gpu.utilization is None else gpu.utilization / 100,
    ),
    _Gauge(
        "memory_used_bytes", "Memory in use.", lambda gpu: gpu.memory.used if gpu.memory else None
    ),
    _Gauge(
        "memory_total_bytes",
        "Memory of the GPU.",
        lambda gpu: gpu.memory.total if gpu.memory else None,
    ),
    _Gauge(
        "memory_mine_bytes",
        "Memory that this session's processes hold.",
        lambda gpu: gpu.memory.mine if gpu.memory else None,
    ),
    _Gauge(
        "memory_peak_bytes",
        "The most memory seen in use since the session started.",
        lambda gpu: gpu.peak.since_start if gpu.peak else None,
    ),
    _Gauge("power_watts", "Power that the GPU draws.", lambda gpu: gpu.power),
    _Gauge("power_limit_watts", "Power that the GPU may draw.", lambda gpu: gpu.power_limit),
    _Gauge("temperature_celsius", "Temperature of the GPU.", lambda gpu: gpu.temperature),
    _Gauge(
        "clock_hertz",
        "Clock of the multiprocessors.",
        lambda gpu: None if gpu.clock is None else gpu.clock * _HERTZ,
    ),
    _Gauge(
        "clock_limit_hertz",
        "Highest clock of the multiprocessors.",
        lambda gpu: None if gpu.clock_limit is None else gpu.clock_limit * _HERTZ,
    ),
    _Gauge(
        "pcie_receive_bytes_per_second",
        "Traffic to the GPU over PCIe.",
        lambda gpu: gpu.pcie.received if gpu.pcie else None,
    ),
    _Gauge(
        "pcie_transmit_bytes_per_second",
        "Traffic from the GPU over PCIe.",
        lambda gpu: gpu.pcie.sent if gpu.pcie else None,
    ),
    _Gauge(
        "nvlink_receive_bytes_per_second",
        "Traffic to the GPU over all NVLinks.",
        lambda gpu: gpu.nvlink.received if gpu.nvlink else None,
    ),
    _Gauge(
        "nvlink_transmit_bytes_per_second",
        "Traffic from the GPU over all NVLinks.",
        lambda gpu: gpu.nvlink.sent if gpu.nvlink else None,
    ),
)


class GPUCollector(Collector):
    """Writes the newest frame as metrics. It reads no GPU: a scrape costs nothing."""

    def __init__(self, current: Callable[[], TelemetryFrame | None]) -> None:
        """``current`` returns the newest frame; None if that is too old."""
        self._current = current

    def describe(self) -> Iterable[Metric]:
        """Name nothing in advance: what there is depends on the GPUs."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield all figures that are known now; without any, not even a name."""
        frame = self._current()
        gpus = frame.gpus if frame else ()
        for gauge in _GAUGES:
            metric = Metric(f"gpucommons_gpu_{gauge.name}", gauge.help, "gauge")
            for gpu in gpus:
                if (value := gauge.value(gpu)) is not None:
                    metric.add_sample(metric.name, _labels(gpu), value)
            if metric.samples:
                yield metric
        yield from _ecc_errors(gpus)
        yield from _throttled(gpus)


def _ecc_errors(gpus: tuple[GPU, ...]) -> Iterator[Metric]:
    name = "gpucommons_gpu_ecc_uncorrected_errors"
    metric = Metric(name, "Memory errors, not corrected, since the driver was loaded.", "counter")
    for gpu in gpus:
        if gpu.ecc_errors is not None:
            metric.add_sample(f"{name}_total", _labels(gpu), gpu.ecc_errors)
    if metric.samples:
        yield metric


def _throttled(gpus: tuple[GPU, ...]) -> Iterator[Metric]:
    name = "gpucommons_gpu_throttled"
    metric = Metric(name, "Whether this reason slows the clock down (1) or not (0).", "gauge")
    for gpu in gpus:
        if gpu.throttle is not None:
            for reason in Throttle:
                labels = {**_labels(gpu), "reason": str(reason)}
                metric.add_sample(name, labels, int(reason in gpu.throttle))
    if metric.samples:
        yield metric


def _labels(gpu: GPU) -> dict[str, str]:
    return dict(zip(_LABELS, (str(gpu.index), gpu.uuid, gpu.name), strict=True))

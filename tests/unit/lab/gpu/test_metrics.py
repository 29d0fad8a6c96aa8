"""The figures of a frame as Prometheus reads them."""

from gpucommons_contract import (
    GPU,
    GPUMemory,
    GPUPeak,
    GPUTraffic,
    TelemetryFrame,
    TelemetryState,
    Throttle,
)
from gpucommons_lab.gpu.metrics import GPUCollector
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

FULL = GPU(
    index=1,
    uuid="GPU-1",
    name="NVIDIA H200",
    utilization=80,
    memory=GPUMemory(used=20, total=100, mine=5),
    power=575.5,
    power_limit=700.0,
    temperature=58,
    clock=1200,
    clock_limit=1980,
    throttle=(Throttle.THERMAL,),
    ecc_errors=2,
    pcie=GPUTraffic(received=12, sent=3),
    nvlink=GPUTraffic(received=0, sent=4),
    peak=GPUPeak(memory=30, since_start=60),
)
LABELS = {"gpu": "1", "uuid": "GPU-1", "name": "NVIDIA H200"}


def frame(*gpus: GPU) -> TelemetryFrame:
    return TelemetryFrame(time=0, state=TelemetryState.OK, interval=1, gpus=gpus)


def scrape(current: TelemetryFrame | None) -> dict[str, list[tuple[dict, float]]]:
    """Names with their labels and values, by Prometheus' own parser."""
    registry = CollectorRegistry()
    registry.register(GPUCollector(lambda: current))
    found: dict[str, list[tuple[dict, float]]] = {}
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        assert family.documentation
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def test_all_figures_are_told_in_base_units():
    found = scrape(frame(FULL))
    reasons = found.pop("gpucommons_gpu_throttled")
    assert {name: values for name, [(_, values)] in found.items()} == {
        "gpucommons_gpu_utilization_ratio": 0.8,
        "gpucommons_gpu_memory_used_bytes": 20,
        "gpucommons_gpu_memory_total_bytes": 100,
        "gpucommons_gpu_memory_mine_bytes": 5,
        "gpucommons_gpu_memory_peak_bytes": 60,
        "gpucommons_gpu_power_watts": 575.5,
        "gpucommons_gpu_power_limit_watts": 700,
        "gpucommons_gpu_temperature_celsius": 58,
        "gpucommons_gpu_clock_hertz": 1.2e9,
        "gpucommons_gpu_clock_limit_hertz": 1.98e9,
        "gpucommons_gpu_ecc_uncorrected_errors_total": 2,
        "gpucommons_gpu_pcie_receive_bytes_per_second": 12,
        "gpucommons_gpu_pcie_transmit_bytes_per_second": 3,
        "gpucommons_gpu_nvlink_receive_bytes_per_second": 0,
        "gpucommons_gpu_nvlink_transmit_bytes_per_second": 4,
    }
    assert {labels["reason"]: value for labels, value in reasons} == {
        "power": 0,
        "thermal": 1,
        "hardware": 0,
        "setting": 0,
    }


def test_each_device_is_named():
    found = scrape(frame(GPU(0, "GPU-0", "NVIDIA H200", utilization=0), FULL))
    assert found["gpucommons_gpu_utilization_ratio"] == [
        ({"gpu": "0", "uuid": "GPU-0", "name": "NVIDIA H200"}, 0.0),
        (LABELS, 0.8),
    ]


def test_what_is_not_known_is_left_out_and_not_zero():
    assert scrape(frame(GPU(0, "GPU-0", "NVIDIA H200"))) == {}


def test_without_a_fresh_frame_nothing_is_told():
    assert scrape(None) == {}

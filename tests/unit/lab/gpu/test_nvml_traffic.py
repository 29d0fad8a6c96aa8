"""When traffic is read, and how counters become figures."""

import pynvml
import pytest
from gpucommons_contract import GPU, GPUTraffic
from gpucommons_lab.gpu.nvml_device import Device
from gpucommons_lab.gpu.nvml_traffic import Traffic


class Links:
    """PCIe and NVLink of several devices, and who was asked when."""

    def __init__(self) -> None:
        self.now = 100.0
        self.asked: list[tuple[object, float]] = []
        self.counted = {"received": 0, "sent": 0}  # KiB
        self.pcie_error = 0

    def pcie(self, handle, counter) -> int:
        if self.pcie_error:
            raise pynvml.NVMLError(self.pcie_error)
        if counter == pynvml.NVML_PCIE_UTIL_RX_BYTES:
            self.asked.append((handle, self.now))
        return {pynvml.NVML_PCIE_UTIL_RX_BYTES: 1200, pynvml.NVML_PCIE_UTIL_TX_BYTES: 300}[counter]

    def fields(self, handle, wanted):
        values = (pynvml.c_nvmlFieldValue_t * len(wanted))()
        names = {
            pynvml.NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_RX: "received",
            pynvml.NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_TX: "sent",
        }
        for value, (field, scope) in zip(values, wanted, strict=True):
            assert scope == 0xFFFFFFFF
            value.value.ullVal = self.counted[names[field]]
        return values


@pytest.fixture
def links(monkeypatch) -> Links:
    links = Links()
    monkeypatch.setattr(pynvml, "nvmlDeviceGetPcieThroughput", links.pcie)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetFieldValues", links.fields)
    return links


@pytest.fixture
def traffic(links) -> Traffic:
    return Traffic(clock=lambda: links.now)


def devices(count: int) -> list[tuple[str, Device]]:
    return [(f"GPU-{n}", Device(n, f"handle-{n}")) for n in range(count)]


def seen(traffic: Traffic, uuid: str = "GPU-0") -> GPU:
    return traffic.on(GPU(0, uuid, "H200"))


def test_before_it_was_read_there_is_none(traffic):
    assert seen(traffic).pcie is None


def test_pcie_is_told_in_bytes_per_second(traffic):
    traffic.look(devices(1))
    assert seen(traffic).pcie == GPUTraffic(received=1_200_000, sent=300_000)


def test_a_device_is_not_asked_again_for_five_seconds(traffic, links):
    for _ in range(20):
        traffic.look(devices(1))
        links.now += 1
    times = [when for _, when in links.asked]
    assert times == [100.0, 105.0, 110.0, 115.0]


def test_of_many_devices_one_is_asked_at_a_time_and_each_has_its_turn(traffic, links):
    for _ in range(32):
        before = len(links.asked)
        traffic.look(devices(16))
        assert len(links.asked) - before <= 1
        links.now += 1
    assert sorted({handle for handle, _ in links.asked[:16]}) == sorted(
        device.handle for _, device in devices(16)
    )
    assert all(seen(traffic, f"GPU-{n}").pcie for n in range(16))


def test_nvlink_is_the_difference_of_two_counts(traffic, links):
    traffic.look(devices(1))
    assert seen(traffic).nvlink is None
    links.now += 10
    links.counted = {"received": 5000, "sent": 1000}
    traffic.look(devices(1))
    assert seen(traffic).nvlink == GPUTraffic(received=512_000, sent=102_400)


def test_a_counter_that_began_anew_gives_no_figure(traffic, links):
    links.counted = {"received": 5000, "sent": 1000}
    traffic.look(devices(1))
    links.now += 10
    links.counted = {"received": 1, "sent": 1}
    traffic.look(devices(1))
    assert seen(traffic).nvlink is None
    assert seen(traffic).pcie is not None


def test_what_is_not_supported_is_left_out_and_not_asked_more_often(traffic, links, monkeypatch):
    links.pcie_error = pynvml.NVML_ERROR_NOT_SUPPORTED
    traffic.look(devices(1))
    assert seen(traffic).pcie is None


def test_a_device_that_is_lost_waits_for_its_turn(traffic, links):
    links.pcie_error = pynvml.NVML_ERROR_GPU_IS_LOST
    with pytest.raises(pynvml.NVMLError):
        traffic.look(devices(1))
    traffic.look(devices(1))  # not asked: it would raise
    assert seen(traffic).pcie is None


def test_old_figures_are_left_out(traffic, links):
    traffic.look(devices(1))
    links.now += 31
    assert seen(traffic).pcie is None


def test_devices_that_are_gone_are_forgotten(traffic, links):
    traffic.look(devices(1))
    traffic.look([("MIG-1", Device(0, "slice"))])
    assert seen(traffic).pcie is None

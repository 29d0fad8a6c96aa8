"""The most memory in use, since the start and since it was set back."""

from gpucommons_contract import GPU, GPUMemory, GPUPeak
from gpucommons_lab.gpu.recorder import Peaks


def gpu(used: int | None, uuid: str = "GPU-0") -> GPU:
    memory = None if used is None else GPUMemory(used=used, total=100)
    return GPU(index=0, uuid=uuid, name="H200", memory=memory)


def peak(peaks: Peaks, used: int | None, uuid: str = "GPU-0") -> GPUPeak | None:
    return peaks.add((gpu(used, uuid),))[0].peak


def test_a_peak_stays_when_memory_is_freed():
    peaks = Peaks()
    assert [peak(peaks, used) for used in (10, 70, 30)] == [
        GPUPeak(10, 10),
        GPUPeak(70, 70),
        GPUPeak(70, 70),
    ]


def test_setting_it_back_leaves_that_since_the_start():
    peaks = Peaks()
    peak(peaks, 70)
    assert peaks.reset((gpu(30),))[0].peak == GPUPeak(30, 70)
    assert peak(peaks, 40) == GPUPeak(40, 70)


def test_a_gpu_that_is_away_while_it_is_set_back_is_set_back_too():
    peaks = Peaks()
    peak(peaks, 70)
    assert peaks.reset(()) == ()
    assert peak(peaks, 20) == GPUPeak(20, 70)


def test_memory_that_cannot_be_read_has_no_peak_and_forgets_none():
    peaks = Peaks()
    peak(peaks, 70)
    assert peak(peaks, None) is None
    assert peak(peaks, 10) == GPUPeak(70, 70)


def test_devices_that_are_gone_for_long_are_forgotten():
    peaks = Peaks()
    peak(peaks, 70, "MIG-old")
    for number in range(40):
        peak(peaks, 50, "GPU-0")
        peak(peaks, 1, f"MIG-{number}")
    assert peak(peaks, 10, "GPU-0") == GPUPeak(50, 50)
    assert peak(peaks, 10, "MIG-old") == GPUPeak(10, 10)

"""What the session says of its devices to whoever judges it."""

import pytest
from gpucommons_contract import GPU, GPUMemory, TelemetryFrame, TelemetryState
from gpucommons_lab.activity.gpus import GPUActivityProbe
from gpucommons_lab.gpu.reading import Reading
from gpucommons_lab.gpu.work import GPUWork

GIB = 2**30


@pytest.mark.parametrize(
    ("mode", "mine", "held"),
    [
        ("exclusive", None, 90 * GIB),
        ("mps", 5 * GIB, 5 * GIB),
        ("mps", 0, 0),
        ("mps", None, None),  # not the others' memory
        ("timeslice", None, None),
    ],
)
def test_of_a_shared_device_only_what_is_known_to_be_held_is_told(mode, mine, held):
    gpu = GPU(0, "GPU-0", "H200", utilization=0, memory=GPUMemory(90 * GIB, 140 * GIB, mine))
    work = GPUWork(lambda: 0.0)
    work.add(Reading(TelemetryState.OK, gpus=(gpu,)), 10)
    frame = TelemetryFrame(0, TelemetryState.OK, 10, gpu_mode=mode, gpus=(gpu,))
    gpus = GPUActivityProbe(lambda: frame, work.until_now, expected=True, watched=True)
    activity, problem = gpus.look()
    assert (activity.memory, problem) == (held, None)

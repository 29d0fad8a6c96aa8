"""The panel's readings on a real NVIDIA GPU, beside what NVIDIA's own program says."""

import csv
import shutil
import subprocess

import pytest
from gpucommons_contract import TelemetryState
from gpucommons_lab.gpu.nvml import NVMLReader

pytestmark = pytest.mark.skipif(
    shutil.which("nvidia-smi") is None, reason="needs a machine with an NVIDIA GPU and its driver"
)


def _nvidia_smi(*fields: str) -> list[list[str]]:
    output = subprocess.check_output(
        ["nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"],
        text=True,
    )
    return [[cell.strip() for cell in row] for row in csv.reader(output.splitlines())]


def test_every_gpu_is_read_as_nvidia_smi_reads_it() -> None:
    reading = NVMLReader(expected=True).read()
    assert reading.state is TelemetryState.OK
    told = [[gpu.uuid, gpu.name, gpu.memory.total >> 20] for gpu in reading.gpus if gpu.memory]
    theirs = [
        [uuid, name, int(total)]
        for uuid, name, total in _nvidia_smi("uuid", "name", "memory.total")
    ]
    assert told == theirs


def test_figures_lie_in_their_ranges() -> None:
    for gpu in NVMLReader(expected=True).read().gpus:
        assert gpu.utilization is None or 0 <= gpu.utilization <= 100
        assert gpu.memory is None or 0 <= gpu.memory.used <= gpu.memory.total
        assert gpu.temperature is None or 0 < gpu.temperature < 120

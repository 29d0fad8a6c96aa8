"""Whether this session should have a GPU, whatever its driver says."""

from collections.abc import Mapping
from pathlib import Path

from gpucommons_contract import SessionVariable


def gpu_expected(environ: Mapping[str, str], devices: Path = Path("/dev")) -> bool:
    """Answer from the spawner's word; without it, device files speak.

    NVIDIA_VISIBLE_DEVICES does not: CUDA images carry ``all`` without a GPU, CDI sets
    ``void`` with one.
    """
    if units := environ.get(SessionVariable.GPU_UNITS):
        return float(units) > 0
    return any(devices.glob("nvidia[0-9]*"))

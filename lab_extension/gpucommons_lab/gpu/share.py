"""What this session was given of GPUs: whether it has any, and its share of each.

NVIDIA's device plugin divides a GPU evenly among its MPS replicas, but informs only the MPS
daemon, not the session; the number of GPUs that the spawner charges says the same.
Limits in the session's environment can lower these defaults, never raise them.
Source: k8s-device-plugin, cmd/mps-control-daemon/mps/daemon.go.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from gpucommons_contract import GPU, GPUShare, SessionVariable


def gpu_expected(environ: Mapping[str, str], devices: Path = Path("/dev")) -> bool:
    """Ask the spawner's variable; without it, look for device files.

    NVIDIA_VISIBLE_DEVICES says nothing: CUDA images have ``all`` without a GPU, CDI sets
    ``void`` with one.
    """
    if units := environ.get(SessionVariable.GPU_UNITS):
        return float(units) > 0
    return any(devices.glob("nvidia[0-9]*"))


_MPS = "mps"
"""The GPU mode; see `SessionVariable.GPU_MODE`."""
_MEMORY_LIMIT = "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT"
_THREAD_LIMIT = "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE"
"""Source of both: https://docs.nvidia.com/deploy/mps/, environment variables."""
_SIZE = re.compile(r"(\d+)([KMG]?)B?", re.IGNORECASE)
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}
_MIB = 2**20


def share_of(environ: Mapping[str, str], gpus: tuple[GPU, ...]) -> GPUShare | None:
    """Work out the share from the session's environment; None is all that the GPUs have.

    Of memory it is one figure, in bytes: left out where the GPUs differ in it.
    """
    part = _part(environ)
    of_device = {_memory(environ, gpu, part) for gpu in gpus}
    memory = of_device.pop() if len(of_device) == 1 else None
    threads = _least(_default_threads(part), _percent(environ.get(_THREAD_LIMIT, "")))
    return None if memory is None and threads is None else GPUShare(memory, threads)


def _part(environ: Mapping[str, str]) -> int | None:
    """Return how many such sessions share a GPU; None if that limits nothing."""
    if environ.get(SessionVariable.GPU_MODE) != _MPS:
        return None
    units = float(environ.get(SessionVariable.GPU_UNITS) or 0)
    return round(1 / units) if 0 < units < 1 else None


def _default_threads(part: int | None) -> int | None:
    return 100 // part if part else None


def _memory(environ: Mapping[str, str], gpu: GPU, part: int | None) -> int | None:
    # The daemon takes whole MiB.
    default = gpu.memory.total // part // _MIB * _MIB if part and gpu.memory else None
    return _least(default, _limit(environ.get(_MEMORY_LIMIT, ""), gpu))


def _limit(text: str, gpu: GPU) -> int | None:
    """Find the limit of a device in ``0=4G,GPU-5=512M``: by number, by UUID, or for all."""
    for entry in text.split(","):
        device, equals, size = entry.strip().rpartition("=")
        applies = not equals or device.lower() in (str(gpu.index), gpu.uuid.lower(), "default")
        if applies and (found := _SIZE.fullmatch(size)):
            return int(found[1]) * _UNITS[found[2].upper()]
    return None


def _percent(text: str) -> int | None:
    try:
        percent = float(text)
    except ValueError:
        return None
    return round(percent) if 0 < percent < 100 else None


def _least(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)

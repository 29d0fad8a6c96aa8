"""How a session gets its GPU: one module for each GPU mode.

Each holds the catalogue's model of the mode and the pure function that turns
it into pod fields. Sources: the NVIDIA device plugin's documentation and
the table of modes in the design.
"""

from gpucommons_spawner.gpu_modes.dra import DRA
from gpucommons_spawner.gpu_modes.exclusive import Exclusive
from gpucommons_spawner.gpu_modes.fields import GPUFields, OfProduct
from gpucommons_spawner.gpu_modes.hami import HAMi
from gpucommons_spawner.gpu_modes.mig import MIG
from gpucommons_spawner.gpu_modes.mps import MPS
from gpucommons_spawner.gpu_modes.timeslice import TimeSlice
from gpucommons_spawner.gpu_modes.without import without_gpu

MODES = ("exclusive", "mps", "timeslice", "mig", "hami", "dra")

__all__ = [
    "DRA",
    "MIG",
    "MODES",
    "MPS",
    "Exclusive",
    "GPUFields",
    "HAMi",
    "OfProduct",
    "TimeSlice",
    "without_gpu",
]

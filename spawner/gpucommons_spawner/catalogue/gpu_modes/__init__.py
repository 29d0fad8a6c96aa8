"""How a session gets its GPU: one module for each driver.

Each holds the catalogue's models of its modes and the pure functions that turn
them into pod fields. Sources: the NVIDIA device plugin's documentation and
the table of modes in the design.
"""

from gpucommons_spawner.catalogue.gpu_modes.dra import DRA
from gpucommons_spawner.catalogue.gpu_modes.fields import GPUFields, without_gpu
from gpucommons_spawner.catalogue.gpu_modes.hami import HAMi
from gpucommons_spawner.catalogue.gpu_modes.nvidia import MIG, MPS, Exclusive, OfProduct, TimeSlice

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

"""How a session gets its GPU: one module for each GPU mode.

Each holds the catalogue's model of the mode and the pure function that turns
it into pod fields. Sources: the NVIDIA device plugin's documentation and
the table of modes in the design.
"""

from gpucommons_spawner.gpu_modes.exclusive import Exclusive
from gpucommons_spawner.gpu_modes.fields import GPUFields
from gpucommons_spawner.gpu_modes.mps import MPS
from gpucommons_spawner.gpu_modes.without import without_gpu

__all__ = ["MPS", "Exclusive", "GPUFields", "without_gpu"]

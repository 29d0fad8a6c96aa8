"""What crosses between the parts of GPU Commons: names, paths and shapes.

Every other package may import this one; it imports none of them.
"""

from gpucommons_contract.endpoints import Endpoint
from gpucommons_contract.labels import Annotation, Label
from gpucommons_contract.telemetry import GPU, GPUMemory, GPUProcess, TelemetryFrame, TelemetryState
from gpucommons_contract.variables import SessionVariable

__all__ = [
    "GPU",
    "Annotation",
    "Endpoint",
    "GPUMemory",
    "GPUProcess",
    "Label",
    "SessionVariable",
    "TelemetryFrame",
    "TelemetryState",
]

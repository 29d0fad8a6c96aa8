"""What crosses between the parts of GPU Commons: names, paths and shapes.

Every other package may import this one; it imports none of them.
"""

from gpucommons_contract.endpoints import Endpoint
from gpucommons_contract.labels import Annotation, Label
from gpucommons_contract.telemetry import GPU, GPUMemory, GPUProcess, TelemetryFrame, TelemetryState

__all__ = [
    "GPU",
    "Annotation",
    "Endpoint",
    "GPUMemory",
    "GPUProcess",
    "Label",
    "TelemetryFrame",
    "TelemetryState",
]

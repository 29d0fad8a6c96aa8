"""What crosses between the parts of GPU Commons: names, paths and shapes.

Every other package may import this one; it imports none of them.
"""

from gpucommons_contract.endpoints import Endpoint
from gpucommons_contract.labels import Annotation, Label
from gpucommons_contract.notices import Notice, NoticeLevel
from gpucommons_contract.services import NOTICE_SERVICE, PEOPLE_SERVICE
from gpucommons_contract.teams import NAMESPACE_PREFIX, is_team_name, team_namespace
from gpucommons_contract.telemetry import GPU, GPUMemory, GPUProcess, TelemetryFrame, TelemetryState
from gpucommons_contract.variables import SessionVariable

__all__ = [
    "GPU",
    "NAMESPACE_PREFIX",
    "NOTICE_SERVICE",
    "PEOPLE_SERVICE",
    "Annotation",
    "Endpoint",
    "GPUMemory",
    "GPUProcess",
    "Label",
    "Notice",
    "NoticeLevel",
    "SessionVariable",
    "TelemetryFrame",
    "TelemetryState",
    "is_team_name",
    "team_namespace",
]

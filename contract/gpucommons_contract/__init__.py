"""What crosses between the parts of GPU Commons: names, paths and shapes.

Every other package may import this one; it imports none of them.
"""

from gpucommons_contract.endpoints import Endpoint
from gpucommons_contract.grants import END_OF_DAY, GRANTS_NAMESPACE, Grant, read_grant
from gpucommons_contract.labels import Annotation, Label
from gpucommons_contract.notices import (
    LONGEST_NOTICE,
    LONGEST_NOTICE_ID,
    Notice,
    NoticeChoice,
    NoticeLevel,
)
from gpucommons_contract.services import NOTICE_SERVICE, PEOPLE_SERVICE
from gpucommons_contract.session import SessionInfo, SessionStatus
from gpucommons_contract.teams import NAMESPACE_PREFIX, is_team_name, team_namespace
from gpucommons_contract.telemetry import (
    GPU,
    GPUHolder,
    GPUMemory,
    GPUPeak,
    GPUProcess,
    GPUSeries,
    GPUShare,
    GPUTraffic,
    GPUUsage,
    HolderKind,
    TelemetryFrame,
    TelemetryHistory,
    TelemetryState,
    Throttle,
)
from gpucommons_contract.variables import SessionVariable

__all__ = [
    "END_OF_DAY",
    "GPU",
    "GRANTS_NAMESPACE",
    "LONGEST_NOTICE",
    "LONGEST_NOTICE_ID",
    "NAMESPACE_PREFIX",
    "NOTICE_SERVICE",
    "PEOPLE_SERVICE",
    "Annotation",
    "Endpoint",
    "GPUHolder",
    "GPUMemory",
    "GPUPeak",
    "GPUProcess",
    "GPUSeries",
    "GPUShare",
    "GPUTraffic",
    "GPUUsage",
    "Grant",
    "HolderKind",
    "Label",
    "Notice",
    "NoticeChoice",
    "NoticeLevel",
    "SessionInfo",
    "SessionStatus",
    "SessionVariable",
    "TelemetryFrame",
    "TelemetryHistory",
    "TelemetryState",
    "Throttle",
    "is_team_name",
    "read_grant",
    "team_namespace",
]

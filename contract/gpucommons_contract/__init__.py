"""What crosses between the parts of GPU Commons: names, paths and shapes.

Every other package may import this one; it imports none of them.
"""

from gpucommons_contract.activity import (
    GPUActivity,
    KernelActivity,
    SessionActivity,
    TerminalActivity,
    read_activity,
)
from gpucommons_contract.endpoints import Endpoint
from gpucommons_contract.grants import END_OF_DAY, GRANTS_NAMESPACE, Grant, read_grant
from gpucommons_contract.labels import Annotation, Label
from gpucommons_contract.moments import read_moment
from gpucommons_contract.notices import (
    LONGEST_NOTICE,
    LONGEST_NOTICE_ID,
    Notice,
    NoticeChoice,
    NoticeError,
    NoticeLevel,
    read_answer,
    read_notice,
)
from gpucommons_contract.services import IDLE_SERVICE, NOTICE_SERVICE, PEOPLE_SERVICE
from gpucommons_contract.session import SessionInfo, SessionStatus
from gpucommons_contract.standing_notices import (
    NOTICES_NAMESPACE,
    StandingNotice,
    read_standing_notice,
)
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
    "IDLE_SERVICE",
    "LONGEST_NOTICE",
    "LONGEST_NOTICE_ID",
    "NAMESPACE_PREFIX",
    "NOTICES_NAMESPACE",
    "NOTICE_SERVICE",
    "PEOPLE_SERVICE",
    "Annotation",
    "Endpoint",
    "GPUActivity",
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
    "KernelActivity",
    "Label",
    "Notice",
    "NoticeChoice",
    "NoticeError",
    "NoticeLevel",
    "SessionActivity",
    "SessionInfo",
    "SessionStatus",
    "SessionVariable",
    "StandingNotice",
    "TelemetryFrame",
    "TelemetryHistory",
    "TelemetryState",
    "TerminalActivity",
    "Throttle",
    "is_team_name",
    "read_activity",
    "read_answer",
    "read_grant",
    "read_moment",
    "read_notice",
    "read_standing_notice",
    "team_namespace",
]

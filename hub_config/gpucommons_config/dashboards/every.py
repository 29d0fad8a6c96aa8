"""All dashboards, in the order in which one looks at them."""

from gpucommons_config.dashboards.boards.budgets import BUDGETS
from gpucommons_config.dashboards.boards.capacity import CAPACITY
from gpucommons_config.dashboards.boards.gpu import ONE_GPU
from gpucommons_config.dashboards.boards.gpu_health import GPU_HEALTH
from gpucommons_config.dashboards.boards.hub import HUB
from gpucommons_config.dashboards.boards.idle import IDLE
from gpucommons_config.dashboards.boards.queue import QUEUE
from gpucommons_config.dashboards.boards.rules import RULES
from gpucommons_config.dashboards.boards.sessions import SESSIONS
from gpucommons_config.dashboards.boards.storage import STORAGE
from gpucommons_config.dashboards.boards.team import TEAM

DASHBOARDS = (
    CAPACITY,
    QUEUE,
    SESSIONS,
    IDLE,
    TEAM,
    ONE_GPU,
    GPU_HEALTH,
    STORAGE,
    HUB,
    BUDGETS,
    RULES,
)

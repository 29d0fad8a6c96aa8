"""GPUs of the whole platform: how many there are, who has them, and how busy they are."""

from gpucommons_config.dashboards.board import Dashboard, Query, Row, Unit, figure, graph, stack
from gpucommons_config.dashboards.queries import GPU, MIB, WHOLE_GPU, charged, once, summed

_UP = summed("", "product, state", 'gpucommons_gpus{state="up"}')
_HELD = summed("", "product", "gpucommons_allocated_gpus")
_AWAY = summed("", "product, state", 'gpucommons_gpus{state!="up"}')
_WAITING = summed("", "size", "gpucommons_pending_gpus")

_NOW = Row(
    "Now",
    (
        figure("Up", "GPUs of nodes that take sessions.", Unit.GPUS, _UP),
        figure("Allocated", "GPUs that sessions hold.", Unit.GPUS, _HELD),
        figure(
            "Allocated share",
            "Of the GPUs that are up. Where it stays near 100 %, people wait.",
            Unit.SHARE,
            f"{_HELD} / {_UP}",
        ),
        figure(
            "Free",
            "GPUs that are up and that no session holds. Not every size fits into them.",
            Unit.GPUS,
            f"{_UP} - {_HELD}",
        ),
        figure(
            "Out of service",
            "GPUs of nodes that are cordoned, or that have not been heard of.",
            Unit.GPUS,
            f"{_AWAY} or vector(0)",
            bad_from=1,
        ),
        figure(
            "Waited for",
            "GPUs that sessions without a node wait for.",
            Unit.GPUS,
            f"{_WAITING} or vector(0)",
        ),
    ),
)
_HELD_BY = Row(
    "Who has them",
    (
        stack(
            "Charged, by team",
            "GPUs that were charged, on average of the interval.",
            Unit.GPUS,
            Query(charged("team"), "{{team}}"),
        ),
        stack(
            "Charged, by size",
            "The same by size of session.",
            Unit.GPUS,
            Query(charged("size"), "{{size}}"),
        ),
        graph(
            "Allocated and up, by model",
            "A model whose lines meet is full.",
            Unit.GPUS,
            Query(once("product", "gpucommons_allocated_gpus"), "{{product}} allocated"),
            Query(once("product", 'gpucommons_gpus{state="up"}'), "{{product}} up"),
        ),
        stack(
            "By state of their nodes",
            "up takes sessions; cordoned is planned; down has not been heard of.",
            Unit.GPUS,
            Query(summed("state", "product, state", "gpucommons_gpus"), "{{state}}"),
        ),
        stack(
            "What sessions did with them",
            "Held while starting, charged, and while ending. Much of the first is lost to images "
            "that nodes fetch.",
            Unit.GPUS,
            Query(
                summed(
                    "state",
                    "team, size, product, state",
                    "rate(gpucommons_gpu_seconds_total[$__rate_interval])",
                ),
                "{{state}}",
            ),
        ),
    ),
)
_BUSY = Row(
    "How busy they are, by dcgm-exporter",
    (
        graph(
            "At work, by model",
            "Share of the time in which GPUs had something to do, on average of all GPUs. 100 % "
            "does not mean that all of a GPU was used.",
            Unit.SHARE,
            Query(
                f"avg by (modelName) ({once(GPU, 'DCGM_FI_PROF_GR_ENGINE_ACTIVE')})",
                "{{modelName}}",
            ),
        ),
        graph(
            "Memory in use, by model",
            "Share of the memory of all GPUs.",
            Unit.SHARE,
            Query(
                f"sum by (modelName) ({once(GPU, 'DCGM_FI_DEV_FB_USED')}) / (sum by (modelName) "
                f"({once(GPU, 'DCGM_FI_DEV_FB_USED')}) + sum by (modelName) "
                f"({once(GPU, 'DCGM_FI_DEV_FB_FREE')}))",
                "{{modelName}}",
            ),
        ),
        graph(
            "Memory held by GPUs that do nothing",
            "Memory in use of GPUs that were at work less than 3 % of the time: what idle "
            "sessions keep.",
            Unit.BYTES,
            Query(
                f"sum by (modelName) ({once(GPU, 'DCGM_FI_DEV_FB_USED')} * {MIB} and "
                f"{once(GPU, 'DCGM_FI_PROF_GR_ENGINE_ACTIVE')} < 0.03)",
                "{{modelName}}",
            ),
        ),
        graph(
            "Power, by model",
            "What all GPUs draw together.",
            Unit.WATTS,
            Query(
                f"sum by (modelName) ({once(WHOLE_GPU, 'DCGM_FI_DEV_POWER_USAGE')})",
                "{{modelName}}",
            ),
        ),
    ),
)
CAPACITY = Dashboard(
    "capacity",
    "GPU capacity and use",
    "How many GPUs there are, who has them, and how busy they are.",
    (_NOW, _HELD_BY, _BUSY),
)

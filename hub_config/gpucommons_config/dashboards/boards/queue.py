"""The queue for GPUs: how long people wait, and for what."""

from gpucommons_config.dashboards.board import Dashboard, Query, Row, Unit, figure, graph, stack
from gpucommons_config.dashboards.queries import RANGE, once, quantile, summed

_UP = summed("", "product, state", 'gpucommons_gpus{state="up"}')
_FREE = f"{_UP} - {summed('', 'product', 'gpucommons_allocated_gpus')}"
_PENDING = summed("", "size", "gpucommons_pending_gpus")
_UNMET = 'gpucommons_refusals_total{why=~"quota|budget|team-quota|workspace"}'

_NOW = Row(
    "Now",
    (
        figure(
            "Waited for",
            "GPUs that sessions without a node wait for.",
            Unit.GPUS,
            f"{_PENDING} or vector(0)",
            width=6,
        ),
        figure(
            "Longest wait",
            "Since the first of them was asked for.",
            Unit.SECONDS,
            "max(gpucommons_oldest_wait_seconds) or vector(0)",
            width=6,
            bad_from=1800,
        ),
        figure(
            "Free",
            "GPUs that are up and that no session holds. If somebody waits all the same, their "
            "size does not fit, or a quota holds them back.",
            Unit.GPUS,
            _FREE,
            width=6,
        ),
        figure(
            "Preempted",
            "Sessions that gave way to others, in the time that is shown.",
            Unit.COUNT,
            summed(
                "",
                "reason",
                f'increase(gpucommons_sessions_ended_total{{reason="preempted"}}[{RANGE}])',
            )
            + " or vector(0)",
            width=6,
        ),
    ),
)
_TIME = Row(
    "Over time",
    (
        stack(
            "Waited for, by size",
            "GPUs that sessions without a node wait for.",
            Unit.GPUS,
            Query(once("size", "gpucommons_pending_gpus"), "{{size}}"),
        ),
        graph(
            "Longest wait, by size",
            "How long the first in the queue has waited.",
            Unit.SECONDS,
            Query(once("size", "gpucommons_oldest_wait_seconds"), "{{size}}"),
        ),
        graph(
            "Time until there was a node, by size",
            "Of sessions that got one: half waited less, and 95 % did.",
            Unit.SECONDS,
            Query(quantile(0.5, "gpucommons_wait_seconds", "size", "size"), "{{size}}, half"),
            Query(quantile(0.95, "gpucommons_wait_seconds", "size", "size"), "{{size}}, 95 %"),
        ),
        graph(
            "Waited for, and free",
            "Where both are above 0 for long, look why they do not come together.",
            Unit.GPUS,
            Query(f"{_PENDING} or vector(0)", "waited for"),
            Query(_FREE, "free"),
        ),
        stack(
            "Refusals that more GPUs would have spared, in a minute",
            "For quota, budget, the namespace's quota, or a node without room beside the files.",
            Unit.COUNT,
            Query(f"{summed('why', 'why', f'rate({_UNMET}[$__rate_interval])')} * 60", "{{why}}"),
        ),
        stack(
            "Starts that failed for want of capacity, in a minute",
            "They were given up, as no GPU became free.",
            Unit.COUNT,
            Query(
                summed(
                    "fault",
                    "outcome, fault",
                    'rate(gpucommons_starts_total{outcome="failed", fault="capacity"}'
                    "[$__rate_interval])",
                )
                + " * 60",
                "{{fault}}",
            ),
        ),
    ),
)
QUEUE = Dashboard(
    "queue",
    "Queue for GPUs",
    "How long people wait for GPUs, and for which.",
    (_NOW, _TIME),
)

"""The idle culler: what it gave back, where it was wrong, and whether it sees and keeps up."""

from gpucommons_config.dashboards.board import Dashboard, Query, Row, Unit, figure, graph, stack
from gpucommons_config.dashboards.queries import HOUR_S, RANGE, RATE, acting, quantile

_IDLE = 'gpucommons_idle_sessions{verdict=~"idle|idle-held"}'
_HOURS = "gpucommons_idle_reclaimed_gpu_hours_total"


def _each_hour(by: str, counter: str) -> str:
    return f"sum by ({by}) (rate({counter}[{RATE}])) * {HOUR_S}"


_GAIN = Row(
    "What it gave back",
    (
        figure(
            "Given back",
            "GPU-hours that others could use, in the time that is shown: up to 12 for each stop, "
            "until its person starts again.",
            Unit.GPU_HOURS,
            f"sum(increase({_HOURS}[{RANGE}]))",
            width=6,
        ),
        figure(
            "GPUs given back",
            "GPUs that ended idle sessions held, in the time that is shown.",
            Unit.GPUS,
            f"sum(increase(gpucommons_idle_reclaimed_gpus_total[{RANGE}]))",
            width=6,
        ),
        figure(
            "False alarms",
            "Warnings that use took back, in the time that is shown. If there are many, "
            "warn_after is too short.",
            Unit.COUNT,
            f"sum(increase(gpucommons_idle_false_alarms_total[{RANGE}]))",
            width=6,
        ),
        figure(
            "Idle sessions",
            "At the last look; those that hold memory of a GPU count, too.",
            Unit.COUNT,
            f"sum({acting(_IDLE)})",
            width=6,
        ),
        stack(
            "Given back, by team",
            "GPUs that others could use because idle sessions were stopped, on average of the "
            "interval.",
            Unit.GPUS,
            Query(_each_hour("team", _HOURS), "{{team}}"),
        ),
        stack(
            "Steps in an hour",
            "warn, cancel a warning, stop, and release the GPU.",
            Unit.COUNT,
            Query(_each_hour("action", "gpucommons_idle_actions_total"), "{{action}}"),
        ),
    ),
)
_SEEN = Row(
    "What it sees",
    (
        stack(
            "Sessions, by verdict",
            "At each look. Many that are unknown mean that a source is missing.",
            Unit.COUNT,
            Query(f"sum by (verdict) ({acting('gpucommons_idle_sessions')})", "{{verdict}}"),
        ),
        graph(
            "Readings that failed in an hour, by source",
            "A session without a fresh reading is unknown, and is not stopped.",
            Unit.COUNT,
            Query(_each_hour("source", "gpucommons_idle_source_failures_total"), "{{source}}"),
        ),
        graph(
            "Sessions that a source does not find",
            "Sessions with GPUs of which a source knows none, and sessions that cannot report "
            "because our extension is switched off.",
            Unit.COUNT,
            Query(
                f"max by (source) ({acting('gpucommons_idle_gpu_sessions_unmatched')})",
                "GPUs unknown to {{source}}",
            ),
            Query(
                f"max({acting('gpucommons_idle_sessions_without_extension')})",
                "without extension",
            ),
        ),
        graph(
            "Idle before the end",
            "How long sessions had not been used when they were stopped: half less, and 95 %.",
            Unit.SECONDS,
            Query(quantile(0.5, "gpucommons_idle_idle_seconds", "", ""), "half"),
            Query(quantile(0.95, "gpucommons_idle_idle_seconds", "", ""), "95 %"),
        ),
    ),
)
_HEALTH = Row(
    "Whether it keeps up",
    (
        graph(
            "Since the last look",
            "Above 5 minutes no idle session gives its GPU back.",
            Unit.SECONDS,
            Query("time() - max(gpucommons_idle_last_tick_timestamp_seconds)", "since"),
        ),
        graph(
            "Looks, 95 %",
            "How long a look at all sessions took, and how late it began.",
            Unit.SECONDS,
            Query(quantile(0.95, "gpucommons_idle_tick_seconds", "", ""), "took"),
            Query(quantile(0.95, "gpucommons_idle_tick_late_seconds", "", ""), "late"),
        ),
        graph(
            "Stops, 95 %",
            "From the order to stop a session until it was gone.",
            Unit.SECONDS,
            Query(quantile(0.95, "gpucommons_idle_stop_seconds", "", ""), "stop"),
        ),
        stack(
            "Messages in an hour",
            "By mail or chat, and what became of them: delivered, lost, or dropped for want of "
            "room.",
            Unit.COUNT,
            Query(_each_hour("way, end", "gpucommons_idle_messages_total"), "{{way}} {{end}}"),
        ),
    ),
)
IDLE = Dashboard(
    "idle",
    "Idle and reclaimed",
    "What idle sessions gave back, and whether the idle culler sees and keeps up.",
    (_GAIN, _SEEN, _HEALTH),
)

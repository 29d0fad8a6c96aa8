"""Sessions: whether they start, how soon, and why they end."""

from gpucommons_config.dashboards.board import Dashboard, Query, Row, Unit, figure, graph, stack
from gpucommons_config.dashboards.queries import RANGE, RATE, quantile, summed

_STARTS = "gpucommons_starts_total"
_READY = f'{_STARTS}{{outcome="ready"}}'
_BROKEN = f'{_STARTS}{{outcome="failed", fault="platform"}}'


def _in_range(by: str, labels: str, counter: str) -> str:
    return summed(by, labels, f"increase({counter}[{RANGE}])")


def _each_minute(by: str, labels: str, counter: str) -> str:
    return f"{summed(by, labels, f'rate({counter}[{RATE}])')} * 60"


_NOW = Row(
    "Now",
    (
        figure(
            "Running",
            "Servers that JupyterHub knows to run, sessions without GPUs among them.",
            Unit.COUNT,
            "max(jupyterhub_running_servers)",
        ),
        figure(
            "People in a day",
            "Who used the hub or a session in the last 24 hours.",
            Unit.COUNT,
            'max(jupyterhub_active_users{period="24h"})',
        ),
        figure(
            "Starts",
            "After which people could work, in the time that is shown.",
            Unit.COUNT,
            _in_range("", "outcome, fault", _READY),
        ),
        figure(
            "Broken by the platform",
            "Starts that failed through the platform's fault, in the time that is shown.",
            Unit.COUNT,
            f"{_in_range('', 'outcome, fault', _BROKEN)} or vector(0)",
            bad_from=1,
        ),
        figure(
            "Refused",
            "Starts that were refused, in the time that is shown.",
            Unit.COUNT,
            f"{_in_range('', 'why', 'gpucommons_refusals_total')} or vector(0)",
        ),
        figure(
            "Lost",
            "Sessions that ended by eviction, with a node, or by a deletion that nobody explained, "
            "in the time that is shown.",
            Unit.COUNT,
            _in_range(
                "",
                "reason",
                'gpucommons_sessions_ended_total{reason=~"evicted|node-lost|deleted"}',
            )
            + " or vector(0)",
            bad_from=1,
        ),
    ),
)
_BEGIN = Row(
    "Starts",
    (
        stack(
            "Starts in a minute, by outcome",
            "ready: people could work. Others failed by the platform, by the person, or for want "
            "of capacity.",
            Unit.COUNT,
            Query(
                _each_minute("outcome, fault", "outcome, fault", _STARTS), "{{outcome}} {{fault}}"
            ),
        ),
        stack(
            "Refusals in a minute, by reason",
            "budget, quota and team-quota are limits; options are not in the catalogue.",
            Unit.COUNT,
            Query(_each_minute("why", "why", "gpucommons_refusals_total"), "{{why}}"),
        ),
        graph(
            "Time to start, by size",
            "From when a session had its node until people could work: half took less, and 95 % "
            "did. An image that the node lacks counts.",
            Unit.SECONDS,
            Query(quantile(0.5, "gpucommons_start_seconds", "size", "size"), "{{size}}, half"),
            Query(quantile(0.95, "gpucommons_start_seconds", "size", "size"), "{{size}}, 95 %"),
        ),
        graph(
            "JupyterHub's own starts, 95 %",
            "How long the hub took from the order to start a server until it answered, by outcome.",
            Unit.SECONDS,
            Query(
                quantile(0.95, "jupyterhub_server_spawn_duration_seconds", "status", "status"),
                "{{status}}",
            ),
        ),
    ),
)
_END = Row(
    "Ends, and what people may rely on",
    (
        stack(
            "Ends in a minute, by reason",
            "evicted, node-lost and deleted are the platform's; person, idle and max-duration are "
            "as agreed.",
            Unit.COUNT,
            Query(
                _each_minute("reason", "reason", "gpucommons_sessions_ended_total"), "{{reason}}"
            ),
        ),
        graph(
            "Failures of objectives in six hours",
            "Share of what was to be good. Each objective's target says how much may fail in 30 "
            "days.",
            Unit.SHARE,
            Query("max by (slo) (slo:sli_error:ratio_rate6h)", "{{slo}}"),
        ),
        graph(
            "JupyterHub's own stops, 95 %",
            "How long the hub took to stop a server, by outcome.",
            Unit.SECONDS,
            Query(
                quantile(0.95, "jupyterhub_server_stop_seconds", "status", "status"), "{{status}}"
            ),
        ),
        graph(
            "People, by when they were last seen",
            "In the last 24 hours, 7 days and 30 days.",
            Unit.COUNT,
            Query("max by (period) (jupyterhub_active_users)", "{{period}}"),
        ),
    ),
)
_PROBE = Row(
    "The start probe",
    (
        figure(
            "Since the last good look",
            "It looks every ten minutes.",
            Unit.SECONDS,
            "time() - max(gpucommons_probe_last_good_timestamp_seconds)",
            width=12,
            bad_from=3600,
        ),
        figure(
            "Looks that failed",
            "In the time that is shown. Not those whose turn did not come.",
            Unit.COUNT,
            f'sum(increase(gpucommons_probe_looks_total{{result="failed"}}[{RANGE}])) or vector(0)',
            width=12,
            bad_from=1,
        ),
        graph(
            "How long its steps took, half",
            "From sign-in to stop, of good ones.",
            Unit.SECONDS,
            Query(quantile(0.5, "gpucommons_probe_step_seconds", "step", "step"), "{{step}}"),
        ),
        stack(
            "Its looks in an hour, by result",
            "waited and turned-down are no failures: others had the GPUs, or a quota was full.",
            Unit.COUNT,
            Query("sum by (result) (increase(gpucommons_probe_looks_total[1h]))", "{{result}}"),
        ),
    ),
)
SESSIONS = Dashboard(
    "sessions",
    "Sessions and starts",
    "Whether sessions start, how soon, and why they end.",
    (_NOW, _BEGIN, _END, _PROBE),
)

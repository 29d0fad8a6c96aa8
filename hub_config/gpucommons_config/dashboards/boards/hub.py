"""The hub and what is around it: whether it answers, how quickly, and what it is behind with."""

from gpucommons_config.dashboards.board import (
    Dashboard,
    Query,
    Row,
    Unit,
    figure,
    graph,
    stack,
    table,
)
from gpucommons_config.dashboards.queries import RATE, quantile

_REQUESTS = "jupyterhub_request_duration_seconds"
_OURS = 'namespace="gpucommons", container!=""'

_UP = 'up{job=~"gpucommons-.+"}'
_ANSWERING = f"(max by (job) ({_UP}) or 0 * max by (job) (max_over_time({_UP}[1d])))"
"""1 or 0 of each part that was there within a day: a part without a pod has no ``up`` at all."""

_NOW = Row(
    "Now",
    (
        figure(
            "Parts that do not answer",
            "Of hub, Dex, idle culler, accounting, snapshots and start probe, as far as they were "
            "there within a day.",
            Unit.COUNT,
            f"count({_ANSWERING} == 0) or vector(0)",
            bad_from=1,
        ),
        figure(
            "Mistakes in the catalogue",
            "Until there are none, the previous one is in force.",
            Unit.COUNT,
            "max(gpucommons_catalogue_problems)",
            bad_from=1,
        ),
        figure(
            "Pods without a server",
            "Pods of sessions that no server of JupyterHub goes with.",
            Unit.COUNT,
            "max(gpucommons_session_pods_without_server)",
            bad_from=1,
        ),
        figure(
            "GPUs of such pods",
            "GPUs that are charged to them.",
            Unit.GPUS,
            "max(gpucommons_gpus_without_server)",
            bad_from=1,
        ),
        figure(
            "Not told to accounting",
            "Facts that the hub keeps until accounting takes them; 100,000 at most.",
            Unit.COUNT,
            "max(gpucommons_accounting_outbox_facts)",
            bad_from=1000,
        ),
        figure(
            "The first of them waits",
            "0 where none waits.",
            Unit.SECONDS,
            "max(gpucommons_accounting_outbox_oldest_wait_seconds)",
            bad_from=900,
        ),
    ),
)
_ANSWERS = Row(
    "How it answers",
    (
        stack(
            "Requests, by code",
            "5xx are errors of the hub; 403 and 404 are answers.",
            Unit.REQUESTS_PER_SECOND,
            Query(f"sum by (code) (rate({_REQUESTS}_count[{RATE}]))", "{{code}}"),
        ),
        graph(
            "Time to answer, 95 %",
            "Of all pages and calls, by method.",
            Unit.SECONDS,
            Query(quantile(0.95, _REQUESTS, "method", "method, handler, code"), "{{method}}"),
        ),
        graph(
            "Sign-in and picker, failures in an hour",
            "Share of requests that failed; of the picker, also those that took longer than a "
            "second.",
            Unit.SHARE,
            Query('max by (slo) (slo:sli_error:ratio_rate1h{slo=~"sign-in|picker"})', "{{slo}}"),
        ),
        graph(
            "Event loop, 99 %",
            "Time from one turn of the hub's loop to the next, of which 0.05 s is as planned. "
            "Above that, something blocks it.",
            Unit.SECONDS,
            Query(quantile(0.99, "jupyterhub_event_loop_interval_seconds", "", ""), "interval"),
        ),
        graph(
            "Proxy, 95 %",
            "How long it took to ask the proxy for its routes, and to compare them.",
            Unit.SECONDS,
            Query(quantile(0.95, "jupyterhub_proxy_poll_duration_seconds", "", ""), "ask"),
            Query(quantile(0.95, "jupyterhub_check_routes_duration_seconds", "", ""), "compare"),
        ),
        graph(
            "Parts that answer",
            "1 while Prometheus can read the part; 0 for a day where it has no pod any more.",
            Unit.COUNT,
            Query(_ANSWERING, "{{job}}"),
        ),
    ),
)
_PODS = Row(
    "Its pods, by Kubernetes",
    (
        graph(
            "Processor, by the kubelet's cAdvisor",
            "Cores that each pod of the platform uses. The hub cannot use more than one.",
            Unit.COUNT,
            Query(
                f"sum by (pod) (rate(container_cpu_usage_seconds_total{{{_OURS}}}[{RATE}]))",
                "{{pod}}",
            ),
        ),
        graph(
            "Memory, by the kubelet's cAdvisor",
            "What counts against each pod's limit.",
            Unit.BYTES,
            Query(f"sum by (pod) (container_memory_working_set_bytes{{{_OURS}}})", "{{pod}}"),
        ),
        graph(
            "Restarts, by kube-state-metrics",
            "Since each pod was made.",
            Unit.COUNT,
            Query(
                'sum by (pod) (kube_pod_container_status_restarts_total{namespace="gpucommons"})',
                "{{pod}}",
            ),
        ),
    ),
)
_CHECKS = Row(
    "Checks of the cluster",
    (
        figure(
            "Since they last ran",
            "Of gpucommons doctor, where its results go to a Pushgateway or a file.",
            Unit.SECONDS,
            "time() - max(gpucommons_doctor_last_run_timestamp_seconds)",
            width=6,
            bad_from=10_800,
        ),
        table(
            "Checks that are not good",
            "gpucommons doctor says what to do about each.",
            "Checks",
            Unit.COUNT,
            'max by (check, state) (gpucommons_doctor_check{state!="good"}) == 1',
            width=18,
        ),
    ),
)
HUB = Dashboard(
    "hub",
    "Hub health",
    "Whether the hub and the parts around it answer, how quickly, and what is wrong.",
    (_NOW, _ANSWERS, _PODS, _CHECKS),
)

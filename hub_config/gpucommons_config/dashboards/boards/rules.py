"""Rules of teams' namespaces: what is refused, and what there is that would be."""

from gpucommons_config.dashboards.board import Dashboard, Query, Row, Unit, figure, graph, stack
from gpucommons_config.dashboards.queries import RANGE, RATE

_CHECKS = "apiserver_validating_admission_policy_check"
"""Source: k8s.io/apiserver/pkg/admission/plugin/policy/validating/metrics"""
_OURS = 'policy=~"gpucommons-.+"'
_DENIED = f'{_CHECKS}_total{{{_OURS}, enforcement_action="deny"}}'
_TRIED = f'{_CHECKS}_total{{{_OURS}, enforcement_action="warn"}}'
_BROKEN = f'{_CHECKS}_total{{{_OURS}, enforcement_action="deny", error_type!="no_error"}}'
_UNUSABLE = 'max by (enforcement_action) (gatekeeper_constraints{status="error"})'
_ANSWERS = "gatekeeper_validation_request"

_NOW = Row(
    "Now",
    (
        figure(
            "Refused, by the API server",
            "By policies of ours, in the time that is shown. Each says why to whoever asked.",
            Unit.COUNT,
            f"sum(increase({_DENIED}[{RANGE}])) or vector(0)",
            width=6,
        ),
        figure(
            "Break a rule, by Gatekeeper's audit",
            "Objects that are there, counted once for each rule of any constraint. Which, "
            "`kubectl get constraints` says.",
            Unit.COUNT,
            "sum(max by (enforcement_action) (gatekeeper_violations))",
            width=6,
            bad_from=1,
        ),
        figure(
            "Since Gatekeeper's audit ended",
            "It looks at everything each minute, unless its chart says otherwise.",
            Unit.SECONDS,
            "time() - max(gatekeeper_audit_last_run_end_time)",
            width=6,
            bad_from=900,
        ),
        figure(
            "Constraints that Gatekeeper cannot use",
            "Their status says why.",
            Unit.COUNT,
            f"sum({_UNUSABLE}) or vector(0)",
            width=6,
            bad_from=1,
        ),
    ),
)
_REFUSED = Row(
    "What is refused",
    (
        stack(
            "Refused in a minute, by the API server",
            "By policy. A workload that is refused its pods asks again and again.",
            Unit.COUNT,
            Query(f"sum by (policy) (rate({_DENIED}[{RATE}])) * 60", "{{policy}}"),
        ),
        stack(
            "Would be refused in a minute, by the API server",
            "In a trial, which warns.",
            Unit.COUNT,
            Query(f"sum by (policy) (rate({_TRIED}[{RATE}])) * 60", "{{policy}}"),
        ),
        stack(
            "Answers of Gatekeeper in a minute",
            "Of its webhook, by all constraints of the cluster. Errors refuse, too, where its "
            "chart says Fail.",
            Unit.COUNT,
            Query(
                f"sum by (admission_status) (rate({_ANSWERS}_count_total[{RATE}])) * 60",
                "{{admission_status}}",
            ),
        ),
        stack(
            "Could not be judged in a minute, by the API server",
            "An expression failed or took too long, so what was asked was refused.",
            Unit.COUNT,
            Query(
                f"sum by (policy, error_type) (rate({_BROKEN}[{RATE}])) * 60",
                "{{policy}}, {{error_type}}",
            ),
        ),
    ),
)
_AUDIT = Row(
    "Gatekeeper's audit",
    (
        graph(
            "Break a rule",
            "By the `enforcementAction` of constraints, which is `scoped` of ours.",
            Unit.COUNT,
            Query("max by (enforcement_action) (gatekeeper_violations)", "{{enforcement_action}}"),
        ),
        graph(
            "How long an audit takes",
            "On average. Where it takes as long as from one to the next, look less often.",
            Unit.SECONDS,
            Query(
                f"sum(rate(gatekeeper_audit_duration_seconds_sum[{RATE}]))"
                f" / sum(rate(gatekeeper_audit_duration_seconds_count[{RATE}]))",
            ),
        ),
    ),
)
RULES = Dashboard(
    "rules",
    "Rules of teams' namespaces",
    "What the policies of teams' namespaces refuse, and what there is that breaks a rule.",
    (_NOW, _REFUSED, _AUDIT),
)

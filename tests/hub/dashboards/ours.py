"""A series of every metric that our programs and JupyterHub register, and of every recording rule.

Labels have the values that the programs' own types know. Sessions' metrics are not among them:
`cluster/monitoring` has Prometheus read no sessions.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import jupyterhub.metrics as hub_metrics
from gpucommons_accounting.reckoning.capacity.capacity import NodeState
from gpucommons_accounting.records.reason import ReasonCode
from gpucommons_accounting.records.session import State
from gpucommons_contract import GPU_HOURS, SubjectKind
from gpucommons_contract.told import WHY
from gpucommons_culler.core.decision import Action, Verdict
from gpucommons_culler.telemetry.sources.prometheus import PrometheusSource
from gpucommons_doctor.finding import State as Found
from gpucommons_doctor.probe.look import STEPS, Result
from prometheus_client import REGISTRY

from tests.unit.monitoring.registered import Registered, registered, registered_in
from tests.unit.monitoring.rule_files import groups

from .series import Series, labelled

_JOBS = {
    "Hub": "gpucommons-hub",
    "Idle culler": "gpucommons-idle-culler",
    "Accounting": "gpucommons-accounting",
    "Controller of snapshots": "gpucommons-backup",
    "Start probe": "gpucommons-start-probe",
}
_PODS = {"Accounting": ("a", "b"), "Idle culler": ("a", "former")}
"""Both replicas of accounting say the same; of those of the idle culler, one acts."""
_BOUNDS = ("0.1", "1.0", "60.0", "+Inf")
_VALUES: Mapping[str, Sequence[str]] = {
    "action": tuple(Action),
    "check": ("nodes-ready",),
    "code": ("200", "503"),
    "currency": ("EUR",),
    "end": ("delivered", "lost", "dropped"),
    "handler": ("jupyterhub.handlers.pages.SpawnHandler",),
    "kind": tuple(SubjectKind),
    "method": ("GET",),
    "moment": ("seen", "unseen"),
    "notice": ("as-promised", "short"),
    "period": tuple(each.value for each in hub_metrics.ActiveUserPeriods),
    "product": ("A100", "H100"),
    "reason": tuple(ReasonCode),
    "size": ("cpu", "gpu"),
    "source": (PrometheusSource.title,),
    "step": tuple(each.name for each in STEPS),
    "status": tuple(each.value for each in hub_metrics.ServerSpawnStatus),
    "store": ("first", "second"),
    "team": ("audio", "vision"),
    "unit": (GPU_HOURS, "EUR"),
    "verdict": tuple(Verdict),
    "way": ("mail", "chat"),
    "why": (*WHY, "other"),
}
_VALUES_OF: Mapping[tuple[str, str], Sequence[str]] = {
    ("gpucommons_backup_pods_total", "outcome"): ("good", "failed", "damaged"),
    ("gpucommons_probe_looks_total", "result"): tuple(Result),
    ("gpucommons_probe_steps_total", "state"): ("good", "failed"),
    ("gpucommons_backup_workspaces", "state"): ("all", "due", "running", "failed"),
    ("gpucommons_budgets", "state"): ("enough", "warned", "used-up"),
    ("gpucommons_doctor_check", "state"): tuple(Found),
    ("gpucommons_gpu_seconds_total", "state"): tuple(each for each in State if each.holds_gpus),
    ("gpucommons_gpus", "state"): tuple(each for each in NodeState if each is not NodeState.ABSENT),
    ("jupyterhub_server_spawn_duration_seconds", "reason"): ("",),
}
_STARTS = "gpucommons_starts_total"
_STARTS_LABELS = (
    {"outcome": "ready", "fault": ""},
    *({"outcome": "failed", "fault": fault} for fault in ("platform", "person", "capacity")),
)
_GAUGES: Mapping[str, float] = {"gpucommons_doctor_check": 1, "gpucommons_budget_money": 6}


def our_series(folder: Path, now: datetime) -> Iterator[Series]:
    """Yield them, as they are read at a moment; folder is for a database."""
    for part, metrics in registered(folder).items():
        if part == "Sessions":
            continue
        theirs = metrics | _of_jupyterhub() if part == "Hub" else metrics
        for pod in _PODS.get(part, ("a",)):
            target = {"job": _JOBS[part], "pod": pod} if part in _JOBS else {}
            for metric in theirs:
                yield from _of(metric, target, now)
    for part, job in _JOBS.items():
        for pod in _PODS.get(part, ("a",)):
            yield Series("up", {"job": job, "pod": pod}, float(part != "Controller of snapshots"))
    yield Series("up", {"job": "gpucommons-dex", "pod": "a"}, 1, gone=True)
    for group in groups().values():
        for rule in group["rules"]:
            if "record" in rule:
                yield Series(rule["record"], rule.get("labels", {}), 0.01)


def _of_jupyterhub() -> set[Registered]:
    return {each for each in registered_in(REGISTRY) if each.name.startswith("jupyterhub_")}


def _of(metric: Registered, target: Mapping[str, str], now: datetime) -> Iterator[Series]:
    for labels in _labels(metric):
        said = {**target, **labels}
        if metric.kind == "histogram":
            for bound in _BOUNDS:
                yield Series(f"{metric.name}_bucket", {**said, "le": bound}, 0, grows=True)
            yield Series(f"{metric.name}_count", said, 0, grows=True)
            yield Series(f"{metric.name}_sum", said, 0, grows=True)
        elif metric.kind == "counter":
            yield Series(metric.name, said, 0, grows=True)
        elif metric.name.endswith("_timestamp_seconds"):
            away = 3600 if target.get("pod") == "former" else 10
            yield Series(metric.name, said, now.timestamp() - away)
        else:
            yield Series(metric.name, said, _GAUGES.get(metric.name, 3))


def _labels(metric: Registered) -> Iterator[Mapping[str, str]]:
    if metric.name == _STARTS:
        assert metric.labels == {"outcome", "fault"}
        yield from _STARTS_LABELS
        return
    values = {
        label: _VALUES_OF.get((metric.name, label)) or _VALUES[label]
        for label in sorted(metric.labels)
    }
    yield from labelled(values)

"""One team: what it has, what is left of its budget, and whether its files are safe."""

from gpucommons_contract.formats.names import NAMESPACE_PREFIX

from gpucommons_config.dashboards.board import (
    Choice,
    Dashboard,
    Query,
    Row,
    Unit,
    figure,
    stack,
    table,
)
from gpucommons_config.dashboards.queries import RANGE, by_pod, charged, charged_hours, once

_TEAM = 'team="$team"'
_NAMESPACE = f"{NAMESPACE_PREFIX}$team"
_LEFT = once("team", f"gpucommons_budget_remaining_gpu_seconds{{{_TEAM}}}")
_BUDGET = once("team", f"gpucommons_budget_gpu_seconds{{{_TEAM}}}")
_ACTIVE = "DCGM_FI_PROF_GR_ENGINE_ACTIVE"
_ITS_OWN = by_pod(
    f'({_ACTIVE}{{namespace="{_NAMESPACE}"}} or {_ACTIVE}{{exported_namespace="{_NAMESPACE}"}})'
)
_HOMES = f'{{namespace="{_NAMESPACE}"}}'

_GPUS = Row(
    "GPUs",
    (
        figure(
            "Charged now",
            "GPUs that its sessions were charged for, on average of the last interval.",
            Unit.GPUS,
            charged("", f", {_TEAM}"),
            width=6,
        ),
        figure(
            "Charged in this time",
            "GPU-hours in the time that is shown.",
            Unit.GPU_HOURS,
            charged_hours("", f", {_TEAM}"),
            width=6,
        ),
        figure(
            "Left of its budget",
            "Share of what it may use in its period, with grants. Empty without such a budget; "
            "below 0 once overdrawn.",
            Unit.SHARE,
            f"{_LEFT} / {_BUDGET}",
            width=6,
        ),
        figure(
            "Given back when idle",
            "GPU-hours that others could use because idle sessions were stopped, in the time "
            "that is shown.",
            Unit.GPU_HOURS,
            f"sum(increase(gpucommons_idle_reclaimed_gpu_hours_total{{{_TEAM}}}[{RANGE}]))",
            width=6,
        ),
        stack(
            "Charged, by size",
            "GPUs that were charged, on average of the interval.",
            Unit.GPUS,
            Query(charged("size", f", {_TEAM}"), "{{size}}"),
        ),
        stack(
            "Charged, by model",
            "The same by model of GPU.",
            Unit.GPUS,
            Query(charged("product", f", {_TEAM}"), "{{product}}"),
        ),
        table(
            "Its sessions' GPUs, by dcgm-exporter",
            "How busy the GPUs of each session are now. Of a shared GPU each says how busy the "
            "whole is.",
            "At work",
            Unit.SHARE,
            f"max by (session, modelName, UUID, GPU_I_ID) ({_ITS_OWN})",
        ),
    ),
)
_MONEY = Row(
    "Budgets",
    (
        stack(
            "GPU-hours that are left",
            "Of its budget in the period that runs. It rises by grants, and when a period begins.",
            Unit.GPU_HOURS,
            Query(f"{_LEFT} / 3600", "left"),
        ),
        stack(
            "Money that is left",
            "Of budgets in money, in their currency.",
            Unit.COUNT,
            Query(
                once("currency", f"gpucommons_budget_remaining_money{{{_TEAM}}}"), "{{currency}}"
            ),
        ),
    ),
)
_FILES = Row(
    "Files",
    (
        figure(
            "Oldest change without a snapshot",
            "Since the oldest last snapshot of a home folder that may have changed since; 0 if "
            "none may have.",
            Unit.SECONDS,
            f"max(gpucommons_backup_last_good_age_seconds{{{_TEAM}}})",
        ),
        figure(
            "Oldest change without a copy",
            "The same in the second store, where there is one.",
            Unit.SECONDS,
            f"max(gpucommons_backup_last_copy_age_seconds{{{_TEAM}}})",
        ),
        table(
            "Fullest home folders, by the kubelet",
            "The ten volumes with the least room, those of sessions that run.",
            "In use",
            Unit.SHARE,
            "topk(10, max by (persistentvolumeclaim) "
            f"(kubelet_volume_stats_used_bytes{_HOMES} / "
            f"kubelet_volume_stats_capacity_bytes{_HOMES}))",
            width=16,
        ),
    ),
)
TEAM = Dashboard(
    "team",
    "One team",
    "What one team uses, what is left of its budget, and whether its files are safe.",
    (_GPUS, _MONEY, _FILES),
    (
        Choice(
            "team",
            "Team",
            "A team that has used GPUs.",
            "gpucommons_gpu_seconds_total",
            "team",
        ),
    ),
)

"""Files: room on volumes, and whether snapshots are taken, copied and whole."""

from gpucommons_contract.formats.names import NAMESPACE_PREFIX

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
from gpucommons_config.dashboards.queries import HOUR_S, RATE

_USED, _ALL = "kubelet_volume_stats_used_bytes", "kubelet_volume_stats_capacity_bytes"
_OURS = '{namespace="gpucommons"}'
_TEAMS = f'{{namespace=~"{NAMESPACE_PREFIX}.+"}}'
_VOLUME = "namespace, persistentvolumeclaim"


def _fullness(where: str) -> str:
    return f"max by ({_VOLUME}) ({_USED}{where} / {_ALL}{where})"


_VOLUMES = Row(
    "Volumes",
    (
        graph(
            "Volumes of the platform, by the kubelet",
            "Share that is in use: databases, and the store of snapshots. At 90 % somebody is "
            "called.",
            Unit.SHARE,
            Query(_fullness(_OURS), "{{persistentvolumeclaim}}"),
        ),
        stack(
            "Home folders, by team and by the kubelet",
            "Bytes in use on volumes of sessions that run.",
            Unit.BYTES,
            Query(f"sum by (namespace) (max by ({_VOLUME}) ({_USED}{_TEAMS}))", "{{namespace}}"),
        ),
        table(
            "Fullest home folders, by the kubelet",
            "The ten volumes with the least room, those of sessions that run. A volume's name has "
            "its person's.",
            "In use",
            Unit.SHARE,
            f"topk(10, {_fullness(_TEAMS)})",
            width=12,
        ),
        stack(
            "Requested, by kube-state-metrics",
            "What all claims of a namespace ask for, whether a session runs or not.",
            Unit.BYTES,
            Query(
                f"sum by (namespace) (max by ({_VOLUME}) "
                "(kube_persistentvolumeclaim_resource_requests_storage_bytes"
                f'{{namespace=~"gpucommons|{NAMESPACE_PREFIX}.+"}}))',
                "{{namespace}}",
            ),
        ),
    ),
)
_TAKEN = Row(
    "Snapshots",
    (
        figure(
            "Oldest change in no snapshot",
            "Since the oldest last snapshot of a workspace that may have changed since.",
            Unit.SECONDS,
            "max(gpucommons_backup_last_good_age_seconds)",
            width=5,
            bad_from=10_800,
        ),
        figure(
            "Failing",
            "Workspaces whose last try failed.",
            Unit.COUNT,
            'max(gpucommons_backup_workspaces{state="failed"})',
            width=5,
            bad_from=1,
        ),
        figure(
            "Oldest change in no copy",
            "The same of the second store; empty without one.",
            Unit.SECONDS,
            "max(gpucommons_backup_last_copy_age_seconds)",
            width=5,
        ),
        figure(
            "Not whole in a drill",
            "Workspaces that the last drills found damaged; empty without a recovery key.",
            Unit.COUNT,
            "max(gpucommons_backup_last_drill_hit)",
            width=5,
            bad_from=1,
        ),
        figure(
            "Settings broken",
            "1 while the file of settings has mistakes and is not in force.",
            Unit.COUNT,
            "max(gpucommons_backup_settings_broken)",
            bad_from=1,
        ),
        graph(
            "Oldest change in no snapshot, by team",
            "It grows while sessions run, and falls with each snapshot.",
            Unit.SECONDS,
            Query("max by (team) (gpucommons_backup_last_good_age_seconds)", "{{team}}"),
        ),
        graph(
            "Oldest change in no copy, by team",
            "Of the second store, where there is one.",
            Unit.SECONDS,
            Query("max by (team) (gpucommons_backup_last_copy_age_seconds)", "{{team}}"),
        ),
        graph(
            "Workspaces",
            "due wait for a snapshot, running have one taken, failed failed at the last try.",
            Unit.COUNT,
            Query('max by (state) (gpucommons_backup_workspaces{state!="all"})', "{{state}}"),
        ),
        stack(
            "Pods in an hour, by how they ended",
            "good, incomplete and failed are snapshots; damaged is a check that found damage.",
            Unit.COUNT,
            Query(
                f"sum by (outcome) (rate(gpucommons_backup_pods_total[{RATE}])) * {HOUR_S}",
                "{{outcome}}",
            ),
        ),
        graph(
            "Upkeep",
            "The longest that old snapshots have not been forgotten, and since the last drill of "
            "each store.",
            Unit.SECONDS,
            Query("max(gpucommons_backup_last_tidy_age_seconds)", "tidied"),
            Query("max by (store) (gpucommons_backup_last_drill_age_seconds)", "drill, {{store}}"),
        ),
        graph(
            "Passwords that are not sealed",
            "1 while the sealed passwords in a store may not be the newest; only with a recovery "
            "key.",
            Unit.COUNT,
            Query("max by (store) (gpucommons_backup_passwords_unsealed)", "{{store}}"),
        ),
    ),
)
STORAGE = Dashboard(
    "storage",
    "Storage and snapshots",
    "Room on volumes, and whether snapshots are taken, copied and whole.",
    (_VOLUMES, _TAKEN),
)

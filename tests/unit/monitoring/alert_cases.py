"""What each alert is tried with: metrics, a value a step, and when it fires for what.

Series are written as promtool reads them: ``0x3 1x20`` is 0 in the steps 0 to 3, and 1 in 4 to 24;
``_x4`` is no value in four steps.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

Labels = Mapping[str, str]


class Case(NamedTuple):
    """One story: series, and in which minute the alert fires with which labels.

    Among the labels is `how_much`, a text of the alert, where the same comes of each Prometheus.
    """

    alert: str
    series: Mapping[str, str]
    fires: Mapping[int, Sequence[Labels]]
    step: int = 1
    """Minutes from one value to the next."""


NOBODY: Sequence[Labels] = ()
_CRITICAL, _WARNING = {"severity": "critical"}, {"severity": "warning"}
_BOTH = (_CRITICAL, _WARNING)
_SLO = {62: NOBODY, 72: _BOTH, 103: [_WARNING]}
"""Bad events come in the minutes 61 and 71, as in `_TWICE`: one alone calls nobody."""
_TWICE = "_x61 1x9 2x40"


def _of_objective(name: str, **more: str) -> dict[int, Sequence[Labels]]:
    labels = {"slo": name, **more}
    return {minute: [{**each, **labels} for each in found] for minute, found in _SLO.items()}


def _once(quiet: int, fires: int, resolved: int, **labels: str) -> dict[int, Sequence[Labels]]:
    return {quiet: NOBODY, fires: [labels], resolved: NOBODY}


def _never(*minutes: int) -> dict[int, Sequence[Labels]]:
    return dict.fromkeys(minutes, NOBODY)


def _away(alert: str, job: str) -> tuple[Case, Case]:
    up = f'up{{job="{job}", pod="a"}}'
    return (
        Case(alert, {up: "1x5 0x10 1x10"}, _once(8, 10, 18)),
        Case(alert, {up: "1x5 stale _x10 1x10"}, _once(8, 10, 19)),
    )


_SIGN_IN = (
    'jupyterhub_request_duration_seconds_count{handler="gpucommons_authenticator.login.handlers.'
)
_PICKER = 'handler="jupyterhub.handlers.pages.SpawnHandler", method="GET"'
_PAGES = f"jupyterhub_request_duration_seconds_count{{{_PICKER}"
_QUICK = f"jupyterhub_request_duration_seconds_bucket{{{_PICKER}"
_TICKS = {
    'gpucommons_idle_last_tick_timestamp_seconds{pod="a"}': "0+60x40",
    'gpucommons_idle_last_tick_timestamp_seconds{pod="old"}': "0x40",
}
_GPUS = {
    f'gpucommons_gpus{{pod="{pod}", product="H100", state="up"}}': "8x100" for pod in ("a", "b")
} | {
    'gpucommons_oldest_wait_seconds{pod="a", size="gpu"}': "0+60x60 0x20",
    'gpucommons_pending_gpus{pod="a", size="gpu"}': "2x100",
}
_EVER = " ".join(["Inf"] * 11)
"""For 11 steps: promtool reads no ``Infx10``."""
_LOST = 'gpucommons_idle_messages_total{pod="a", way="mail", end="lost"}'
_DAMAGED = 'gpucommons_backup_pods_total{outcome="damaged"}'


def _volume(namespace: str, available: str) -> dict[str, str]:
    labels = f'{{namespace="{namespace}", persistentvolumeclaim="files", node="n"}}'
    return {
        f"kubelet_volume_stats_available_bytes{labels}": available,
        f"kubelet_volume_stats_capacity_bytes{labels}": "100x100",
    }


def _quota(resource: str, used: str) -> dict[str, str]:
    labels = f'namespace="team-vision", resourcequota="team", resource="{resource}"'
    return {
        f'kube_resourcequota{{{labels}, type="used"}}': used,
        f'kube_resourcequota{{{labels}, type="hard"}}': "100x60",
    }


_CERTIFICATE = "certmanager_certificate_expiration_timestamp_seconds"
_LOOKS = {"good": "0x9 1x9 2x9 3x9 4x9 5x29 6x9 7x9 8x20", "failed": "0x60 1x9 2x60"}
"""Of a look every ten minutes. Those of the minutes 61 and 71 fail."""
_ALL_LOOKS = "0x9 1x9 2x9 3x9 4x9 5x10 6x9 7x8 8x9 9x9 10x20"
_REQUESTS = 'apiserver_request_duration_seconds_bucket{verb="GET", subresource="", le='


_OF_OBJECTIVES = (
    Case(
        "GPUCommonsSignInFails",
        {
            f'{_SIGN_IN}CallbackHandler", code="302"}}': "100+1x110",
            f'{_SIGN_IN}CallbackHandler", code="403"}}': "0+0.1x110",
            f'{_SIGN_IN}LoginHandler", code="503"}}': _TWICE,
        },
        _of_objective("sign-in"),
    ),
    Case(
        "GPUCommonsPickerSlow",
        {
            f'{_PAGES}, code="200"}}': "100+1x110",
            f'{_QUICK}, code="200", le="1.0"}}': "100+1x60 160+1x9 169+1x40",
        },
        _of_objective("picker"),
    ),
    Case(
        "GPUCommonsPickerSlow",
        {
            f'{_PAGES}, code="200"}}': "100+1x110",
            f'{_QUICK}, code="200", le="1.0"}}': "100+1x110",
            f'{_PAGES}, code="503"}}': _TWICE,
            f'{_QUICK}, code="503", le="1.0"}}': _TWICE,
        },
        {62: NOBODY, 72: [{**each, "slo": "picker"} for each in _BOTH]},
    ),
    Case(
        "GPUCommonsStartsFail",
        {
            f'gpucommons_starts_total{{pod="{pod}", outcome="{outcome}", fault="{fault}"}}': values
            for pod in ("a", "b")
            for outcome, fault, values in (
                ("ready", "", "100+0.05x110"),
                ("failed", "platform", _TWICE),
                ("failed", "person", "_x61 9x40"),
            )
        },
        _of_objective("start-success"),
    ),
    Case(
        "GPUCommonsStartsFail",
        {
            'gpucommons_starts_total{pod="a", outcome="ready", fault=""}': "100+1x120",
            'gpucommons_starts_total{pod="a", outcome="failed", fault="platform"}': "0x61 2x60",
        },
        {
            610: NOBODY,
            630: [{**_WARNING, "slo": "start-success"}],
            1000: NOBODY,
        },
        step=10,
    ),
    Case(
        "GPUCommonsStartsSlow",
        {
            'gpucommons_start_seconds_count{pod="a", size="gpu"}': "0x60 1x9 2x40",
            'gpucommons_start_seconds_bucket{pod="a", size="gpu", le="60"}': "0x110",
        },
        _of_objective("start-latency", how_much="Bad were 100%, where 5% may be."),
    ),
    Case(
        "GPUCommonsStartsSlow",
        {
            'gpucommons_start_seconds_count{pod="a", size="gpu"}': "10+1x80",
            'gpucommons_start_seconds_bucket{pod="a", size="gpu", le="60.0"}': "10+1x80",
        },
        _never(62, 72),
    ),
    Case(
        "GPUCommonsSessionsLost",
        {
            'gpucommons_sessions_ended_total{pod="a", reason="person"}': "100+0.05x110",
            'gpucommons_sessions_ended_total{pod="a", reason="node-lost"}': _TWICE,
            'gpucommons_sessions_ended_total{pod="a", reason="out-of-memory"}': "_x61 9x40",
        },
        _of_objective("session-survival"),
    ),
    Case(
        "GPUCommonsAccountingBehind",
        {
            'gpucommons_accounting_lag_seconds{pod="a"}': "10x120 400x10 10x40",
            'gpucommons_accounting_lag_seconds{pod="b"}': "400x170",
        },
        {
            121: NOBODY,
            122: [{**_WARNING, "slo": "accounting"}],
            126: [{**each, "slo": "accounting"} for each in _BOTH],
            163: [{**_WARNING, "slo": "accounting"}],
        },
    ),
    Case(
        "GPUCommonsAccountingBehind",
        {'gpucommons_accounting_lag_seconds{pod="a"}': "10x60 stale _x20"},
        {61: NOBODY, 66: [{**each, "slo": "accounting"} for each in _BOTH]},
    ),
)
_OF_HUB = (
    *_away("GPUCommonsHubAway", "gpucommons-hub"),
    *_away("GPUCommonsDexAway", "gpucommons-dex"),
    Case(
        "GPUCommonsCatalogueNotInForce",
        {"gpucommons_catalogue_problems": "0x3 2x10 0x5"},
        _once(8, 10, 16, how_much="Mistakes: 2."),
    ),
    Case(
        "GPUCommonsAccountingNotTold",
        {"gpucommons_accounting_outbox_oldest_wait_seconds": "0x3 60+60x25 0x5"},
        _once(22, 25, 31, how_much="The first fact waits for 22m 0s."),
    ),
    Case(
        "GPUCommonsPodsWithoutServer",
        {"gpucommons_session_pods_without_server": "0x3 1x15 0x5"},
        _once(13, 15, 21, how_much="Pods, or GPUs of them: 1."),
    ),
    Case(
        "GPUCommonsPodsWithoutServer",
        {
            "gpucommons_session_pods_without_server": "0x30",
            "gpucommons_gpus_without_server": "0x3 0.5x15 0x5",
        },
        _once(13, 15, 21, how_much="Pods, or GPUs of them: 0.5."),
    ),
    Case(
        "GPUCommonsCullerAway",
        {
            'gpucommons_idle_last_tick_timestamp_seconds{pod="a"}': "0+60x10 600x10 1320+60x10",
            'gpucommons_idle_last_tick_timestamp_seconds{pod="b"}': "0x40",
        },
        _once(17, 19, 23),
    ),
    Case(
        "GPUCommonsCullerAway",
        {'gpucommons_idle_last_tick_timestamp_seconds{pod="a"}': "_x11 660+60x10"},
        _once(1, 3, 12),
    ),
    Case(
        "GPUCommonsCullerBlind",
        {
            **_TICKS,
            'gpucommons_idle_gpu_sessions_unmatched{pod="a", source="DCGM"}': "0x6 3x20 0x15",
            'gpucommons_idle_gpu_sessions_unmatched{pod="old", source="DCGM"}': "3x40",
        },
        _once(21, 23, 29, how_much="Sessions: 3."),
    ),
    Case(
        "GPUCommonsCullerBlind",
        {
            **_TICKS,
            'gpucommons_idle_sessions{pod="a", verdict="unknown"}': "2x3 3x20 2x15",
            'gpucommons_idle_sessions{pod="a", verdict="active"}': "2x40",
        },
        _once(18, 20, 26, how_much="Sessions: 3."),
    ),
    Case(
        "GPUCommonsMessagesLost",
        {
            _LOST: "_x11 1x20",
            'gpucommons_idle_messages_total{pod="a", way="mail", end="delivered"}': "0+1x30",
        },
        _once(50, 55, 120, way="mail", how_much="Messages: 1."),
        step=5,
    ),
    Case(
        "GPUCommonsMessagesLost",
        {_LOST: "1x15 2x15"},
        _once(75, 80, 145, way="mail", how_much="Messages: 1."),
        step=5,
    ),
    Case(
        "GPUCommonsVolumeFull",
        {**_volume("gpucommons", "50x3 5x20 50x10"), **_volume("team-vision", "5x40")},
        _once(
            13, 15, 26, namespace="gpucommons", persistentvolumeclaim="files", how_much="Free: 5%."
        ),
    ),
    Case(
        "GPUCommonsHomeFull",
        {**_volume("team-vision", "8x3 4x40 8x10"), **_volume("gpucommons", "1x60")},
        _once(
            33, 35, 46, namespace="team-vision", persistentvolumeclaim="files", how_much="Free: 4%."
        ),
    ),
)
_OF_ACCOUNTING = (
    Case(
        "GPUCommonsQueueStuck",
        {**_GPUS, 'gpucommons_allocated_gpus{pod="a", product="H100"}': "6x100"},
        _once(40, 42, 62, size="gpu", how_much="The first waits for 42m 0s."),
    ),
    Case(
        "GPUCommonsQueueStuck",
        {**_GPUS, 'gpucommons_allocated_gpus{pod="a", product="H100"}': "7x100"},
        _never(40, 42, 60),
    ),
    Case(
        "GPUCommonsGPUsDown",
        {'gpucommons_gpus{pod="a", product="H100", state="down"}': "0x3 4x20 0x5"},
        _once(13, 15, 26, product="H100", how_much="GPUs: 4."),
    ),
)
_OF_BACKUP = (
    Case(
        "GPUCommonsBackupAway",
        {'up{job="gpucommons-backup", pod="a"}': "1x5 0x30 1x5"},
        _once(20, 22, 38),
    ),
    Case(
        "GPUCommonsBackupLate",
        {
            'gpucommons_backup_last_good_age_seconds{team="vision"}': "0x3 12000x20 0x5",
            'gpucommons_backup_last_good_age_seconds{team="audio"}': "10000x30",
        },
        _once(150, 160, 250, team="vision", how_much="The last snapshot is 3h 20m 0s old."),
        step=10,
    ),
    Case(
        "GPUCommonsBackupFailing",
        {
            'gpucommons_backup_workspaces{state="failed"}': "0x3 1x150 0x5",
            'gpucommons_backup_workspaces{state="due"}': "5x160",
        },
        _once(1470, 1480, 1560, how_much="Workspaces: 1."),
        step=10,
    ),
    Case(
        "GPUCommonsBackupCopyLate",
        {'gpucommons_backup_last_copy_age_seconds{team="vision"}': "0x3 200000x10 0x5"},
        _once(90, 100, 150, team="vision", how_much="The last copy is 2d 7h 33m 20s old."),
        step=10,
    ),
    Case(
        "GPUCommonsBackupTidyLate",
        {"gpucommons_backup_last_tidy_age_seconds": "0x3 2500000x10 0x5"},
        _once(90, 100, 150, how_much="The last time was 28d 22h 26m 40s ago."),
        step=10,
    ),
    Case(
        "GPUCommonsBackupDamaged",
        {'gpucommons_backup_last_drill_hit{store="second"}': "0x3 2x20 0x5"},
        _once(3, 4, 26),
    ),
    Case(
        "GPUCommonsBackupDamaged",
        {
            _DAMAGED: "_x11 1x160",
            'gpucommons_backup_pods_total{outcome="failed"}': "0+1x170",
        },
        _once(100, 110, 1560),
        step=10,
    ),
    Case(
        "GPUCommonsBackupDamaged",
        {_DAMAGED: "1x150 2x150"},
        _once(1500, 1520, 2970),
        step=10,
    ),
    Case(
        "GPUCommonsBackupSettingsBroken",
        {"gpucommons_backup_settings_broken": "0x3 1x20 0x5"},
        _once(13, 15, 26),
    ),
    Case(
        "GPUCommonsBackupPasswordsUnsealed",
        {'gpucommons_backup_passwords_unsealed{store="first"}': "0x3 1x10 0x5"},
        _once(90, 100, 150, store="first"),
        step=10,
    ),
    Case(
        "GPUCommonsBackupDrillLate",
        {'gpucommons_backup_last_drill_age_seconds{store="second"}': "3400000x3 4000000x10 60x5"},
        _once(90, 100, 150, store="second", how_much="Last drill: 46d 7h 6m 40s ago."),
        step=10,
    ),
    Case(
        "GPUCommonsBackupDrillLate",
        {'gpucommons_backup_last_drill_age_seconds{store="first"}': f"60x3 {_EVER} 60x5"},
        _once(90, 100, 150, store="first", how_much="Last drill: never."),
        step=10,
    ),
)
_OF_STOPS_AND_ENDS = (
    Case(
        "GPUCommonsStopsWrong",
        {
            'gpucommons_idle_stops_total{pod="a", notice="as-promised"}': _ALL_LOOKS,
            'gpucommons_idle_stops_started_anew_total{pod="a"}': _LOOKS["failed"],
        },
        _of_objective("false-stops"),
    ),
    Case(
        "GPUCommonsNoticeShort",
        {
            'gpucommons_idle_stops_total{pod="a", notice="as-promised"}': _LOOKS["good"],
            'gpucommons_idle_stops_total{pod="a", notice="short"}': _LOOKS["failed"],
        },
        _of_objective("notice"),
    ),
    Case(
        "GPUCommonsEndsUnseen",
        {
            f'gpucommons_ends_total{{pod="{pod}", moment="{moment}"}}': counts
            for pod in ("a", "b")
            for moment, counts in (("seen", _LOOKS["good"]), ("unseen", _LOOKS["failed"]))
        },
        _of_objective("exact-ends"),
    ),
)
_OF_PROBE = (
    Case(
        "GPUCommonsProbeFails",
        {
            **{f'gpucommons_probe_looks_total{{result="{r}"}}': n for r, n in _LOOKS.items()},
            'gpucommons_probe_looks_total{result="waited"}': "0+1x110",
        },
        _of_objective("probe"),
    ),
    Case(
        "GPUCommonsFilesFail",
        {
            f'gpucommons_probe_steps_total{{step="files", state="{state}"}}': counts
            for state, counts in _LOOKS.items()
        },
        _of_objective("files"),
    ),
    Case(
        "GPUCommonsProbeLate",
        {"gpucommons_probe_last_good_timestamp_seconds": "0+60x10 600x99 6660+60x20"},
        _once(88, 92, 113),
    ),
    Case(
        "GPUCommonsProbeLate",
        {"gpucommons_probe_last_good_timestamp_seconds": "_x30 1860+60x10"},
        _once(15, 22, 33),
    ),
)
_OF_CLUSTER = (
    Case(
        "GPUCommonsAPIServerSlow",
        {
            f'{_REQUESTS}"1"}}': "0+10x4 40x19 50+10x20",
            f'{_REQUESTS}"4"}}': "0+10x45",
            f'{_REQUESTS}"+Inf"}}': "0+10x45",
        },
        _once(13, 17, 31, how_much="One of 100 requests takes longer than 3.97s."),
    ),
    Case(
        "GPUCommonsCertificateEnds",
        {
            f'{_CERTIFICATE}{{namespace="gpucommons", name="hub"}}': "1213200x19 9000000x10",
            f'{_CERTIFICATE}{{namespace="default", name="other"}}': "1000x30",
        },
        _once(
            120,
            140,
            210,
            namespace="gpucommons",
            name="hub",
            how_much="It is good for 13d 22h 40m 0s.",
        ),
        step=10,
    ),
    Case(
        "GPUCommonsTeamStorageNear",
        {**_quota("requests.storage", "50x3 95x40 50x10"), **_quota("pods", "100x60")},
        _once(
            32, 36, 46, namespace="team-vision", resource="requests.storage", how_much="Used: 95%."
        ),
    ),
    Case(
        "GPUCommonsGPUFaulty",
        {
            'DCGM_FI_DEV_XID_ERRORS{Hostname="gpu-01", gpu="3"}': "0x3 79x10 0x5",
            'DCGM_FI_DEV_XID_ERRORS{Hostname="gpu-01", gpu="4"}': "13x30",
        },
        _once(3, 4, 16, Hostname="gpu-01", gpu="3", how_much="Xid 79."),
    ),
)
CASES = (
    *_OF_OBJECTIVES,
    *_OF_HUB,
    *_OF_ACCOUNTING,
    *_OF_BACKUP,
    *_OF_STOPS_AND_ENDS,
    *_OF_PROBE,
    *_OF_CLUSTER,
)

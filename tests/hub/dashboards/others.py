"""Series of other projects' programs, with the names and labels that these document.

- dcgm-exporter 4.5.3-4.8.2, default counters, and which lines an operator adds:
  https://github.com/NVIDIA/dcgm-exporter/blob/main/etc/default-counters.csv
  labels: internal/pkg/rendermetrics/render_metrics.go, internal/pkg/collector/gpu_collector.go
  and clock_events_collector.go there
- the kubelet and its cAdvisor:
  https://kubernetes.io/docs/reference/instrumentation/metrics/
  https://github.com/google/cadvisor/blob/master/docs/storage/prometheus.md
- kube-state-metrics:
  https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics
- the API server's admission policies:
  https://kubernetes.io/docs/reference/instrumentation/metrics/
- Gatekeeper; tests/hub/guarded_teams/test_gatekeeper.py compares names with those of the real one:
  https://open-policy-agent.github.io/gatekeeper/website/docs/metrics
"""

from collections.abc import Iterator, Mapping

from .series import Series

_DCGM_GAUGES = {
    "DCGM_FI_DEV_SM_CLOCK": 1_980,
    "DCGM_FI_DEV_MEM_CLOCK": 2_619,
    "DCGM_FI_DEV_MEMORY_TEMP": 60,
    "DCGM_FI_DEV_GPU_TEMP": 55,
    "DCGM_FI_DEV_POWER_USAGE": 400,
    "DCGM_FI_DEV_GPU_UTIL": 90,
    "DCGM_FI_DEV_FB_FREE": 1_024,
    "DCGM_FI_DEV_FB_USED": 3_072,
    "DCGM_FI_DEV_ROW_REMAP_FAILURE": 1,
    "DCGM_FI_PROF_GR_ENGINE_ACTIVE": 0.8,
    "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE": 0.4,
    "DCGM_FI_PROF_DRAM_ACTIVE": 0.3,
    "DCGM_FI_PROF_PCIE_TX_BYTES": 1e6,
    "DCGM_FI_PROF_PCIE_RX_BYTES": 1e7,
}
_DCGM_COUNTERS = (
    "DCGM_FI_DEV_PCIE_REPLAY_COUNTER",
    "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS",
    "DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS",
)
DCGM_TO_ADD = (
    "DCGM_FI_DEV_ECC_SBE_VOL_TOTAL",
    "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL",
    "DCGM_EXP_CLOCK_EVENTS_COUNT",
)
"""What is no default counter."""
BUSY_GPU = "GPU-1f0a"
IDLE_GPU = "GPU-2f0a"
_EVENTS = ("gpu_idle", "power_cap", "hw_thermal")


def _gpu(number: str, uuid: str) -> dict[str, str]:
    return {
        "gpu": number,
        "UUID": uuid,
        "pci_bus_id": f"00000000:0{number}:00.0",
        "device": f"nvidia{number}",
        "modelName": "NVIDIA H100 80GB HBM3",
        "DCGM_FI_DRIVER_VERSION": "580.95.05",
    }


def _shared(session: str) -> dict[str, str]:
    """Return the labels of a GPU of a shared node, read without honorLabels."""
    return {
        **_gpu("0", BUSY_GPU),
        "Hostname": "gpu-node-1",
        "namespace": "monitoring",
        "pod": "dcgm-exporter-x7",
        "exported_namespace": "team-vision",
        "exported_pod": session,
        "exported_container": "notebook",
    }


_NEWER = {
    **_gpu("1", IDLE_GPU),
    "hostname": "gpu-node-2",
    "namespace": "team-vision",
    "pod": "jupyter-alone",
    "container": "notebook",
}
"""Of a newer exporter, read with honorLabels."""


MIG_GPU = "GPU-3f0a"
_SLICES = tuple(
    {
        **_gpu("0", MIG_GPU),
        "modelName": "NVIDIA A100-SXM4-40GB",
        "hostname": "gpu-node-3",
        "GPU_I_PROFILE": "3g.20gb",
        "GPU_I_ID": number,
    }
    for number in ("1", "2")
)
"""Of a divided GPU, whose halves nobody has. Power is that of the whole GPU in both.

Source: https://github.com/NVIDIA/dcgm-exporter/issues/257
"""


def _of_dcgm() -> Iterator[Series]:
    for labels in (_shared("jupyter-first"), _shared("jupyter-second"), _NEWER, *_SLICES):
        for name, value in _DCGM_GAUGES.items():
            is_idle = labels["UUID"] != BUSY_GPU and name == "DCGM_FI_PROF_GR_ENGINE_ACTIVE"
            yield Series(name, labels, 0 if is_idle else value)
        for name in (*_DCGM_COUNTERS, *DCGM_TO_ADD[:2]):
            yield Series(name, labels, 0, grows=True)
        fallen = {"err_code": "79", "err_msg": "GPU has fallen off the bus"}
        yield Series("DCGM_FI_DEV_XID_ERRORS", {**labels, **fallen}, 79)
        for event in _EVENTS:
            more = {"clock_event": event, "window_size_in_ms": "300000"}
            yield Series("DCGM_EXP_CLOCK_EVENTS_COUNT", {**labels, **more})


def _volume(namespace: str) -> Mapping[str, str]:
    return {"namespace": namespace, "persistentvolumeclaim": "files"}


def _of_policies() -> Iterator[Series]:
    check = "apiserver_validating_admission_policy_check_total"
    for policy in ("gpucommons-pods-isolated", "gpucommons-pods-of-catalogue"):
        for action, error in (
            ("deny", "no_error"),
            ("deny", "out_of_budget"),
            ("warn", "no_error"),
        ):
            labels = {
                "policy": policy,
                "policy_binding": policy,
                "enforcement_action": action,
                "error_type": error,
            }
            yield Series(check, labels, 0, grows=True)
    yield from _of_gatekeeper()


def _of_gatekeeper() -> Iterator[Series]:
    audit = {"namespace": "gatekeeper-system", "pod": "gatekeeper-audit-x"}
    for action in ("deny", "scoped"):
        yield Series("gatekeeper_violations", {**audit, "enforcement_action": action}, 2)
        for status in ("active", "error"):
            labels = {**audit, "enforcement_action": action, "status": status}
            yield Series("gatekeeper_constraints", labels, 1)
    yield Series("gatekeeper_audit_last_run_end_time", audit, 1.8e9)
    yield Series("gatekeeper_audit_duration_seconds_sum", audit, 0, grows=True)
    yield Series("gatekeeper_audit_duration_seconds_count", audit, 0, grows=True)
    for pod in ("gatekeeper-controller-manager-a", "gatekeeper-controller-manager-b"):
        for status in ("allow", "deny", "error"):
            labels = {
                **audit,
                "pod": pod,
                "admission_status": status,
                "admission_dryrun": "false",
            }
            yield Series("gatekeeper_validation_request_count_total", labels, 0, grows=True)


def other_series() -> Iterator[Series]:
    """Yield them."""
    yield from _of_dcgm()
    yield from _of_policies()
    for namespace in ("gpucommons", "team-vision", "team-audio"):
        volume = _volume(namespace)
        yield Series("kubelet_volume_stats_used_bytes", volume, 5e9)
        yield Series("kubelet_volume_stats_capacity_bytes", volume, 10e9)
        yield Series("kube_persistentvolumeclaim_resource_requests_storage_bytes", volume, 10e9)
    pod = {"namespace": "gpucommons", "pod": "hub-1", "container": "hub"}
    yield Series("container_cpu_usage_seconds_total", pod, 0, grows=True)
    yield Series("container_memory_working_set_bytes", pod, 4e8)
    yield Series("kube_pod_container_status_restarts_total", {**pod, "uid": "1"}, 0, grows=True)

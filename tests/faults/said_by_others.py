"""What exporters of others say of a cluster, by exactly their series; none of them runs here.

The kubelet's volumes: https://kubernetes.io/docs/reference/instrumentation/metrics
kube-state-metrics: https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics
cert-manager: https://cert-manager.io/docs/devops-tips/prometheus-metrics
dcgm-exporter: https://github.com/NVIDIA/dcgm-exporter/blob/main/etc/default-counters.csv
"""

import time

DAY_S = 86_400
_DATABASE = 'namespace="gpucommons",persistentvolumeclaim="database"'
_HOME = 'namespace="team-vision",persistentvolumeclaim="home"'
_QUOTA = 'namespace="team-vision",resourcequota="team",resource="requests.storage"'
_AVAILABLE, _CAPACITY = (f"kubelet_volume_stats_{each}_bytes" for each in ("available", "capacity"))
_VOLUME_ROOM, _HOME_ROOM = f"{_AVAILABLE}{{{_DATABASE}}}", f"{_AVAILABLE}{{{_HOME}}}"
_QUOTA_USED = f'kube_resourcequota{{{_QUOTA},type="used"}}'
_CERTIFICATE = (
    'certmanager_certificate_expiration_timestamp_seconds{namespace="gpucommons",name="hub"}'
)
_XID = 'DCGM_FI_DEV_XID_ERRORS{Hostname="gpu-01",gpu="3"}'

Figures = dict[str, float]
VOLUME_FULL: Figures = {_VOLUME_ROOM: 9}
HOME_FULL: Figures = {_HOME_ROOM: 3}
QUOTA_NEAR: Figures = {_QUOTA_USED: 95}
GPU_FAULTY: Figures = {_XID: 79}


def certificate_near_its_end() -> Figures:
    """Return it: an hour is too little, also where 14 days are some hours."""
    return {_CERTIFICATE: time.time() + 3600}


def all_well() -> Figures:
    """Return what they say while nothing is wrong."""
    return {
        _VOLUME_ROOM: 50,
        f"{_CAPACITY}{{{_DATABASE}}}": 100,
        _HOME_ROOM: 50,
        f"{_CAPACITY}{{{_HOME}}}": 100,
        _QUOTA_USED: 50,
        f'kube_resourcequota{{{_QUOTA},type="hard"}}': 100,
        _CERTIFICATE: time.time() + 60 * DAY_S,
        _XID: 0,
    }

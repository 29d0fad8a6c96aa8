"""What Prometheus is told to read is there: pods, their ports, and a way to them."""

import re

import pytest

from .cast import PODS, network
from .kustomize import OPTIONAL, of_kind, part
from .reachability import matches

_PARTS = [name for name in OPTIONAL if name.startswith("monitoring")]
_MONITORS = {
    each["metadata"]["name"]: each for name in _PARTS for each in of_kind(part(name), "PodMonitor")
}
_READS = {
    "hub": "hub",
    "dex": "Dex",
    "idle-culler": "idle-culler",
    "accounting": "accounting",
    "backup": "backup",
    "start-probe": "start-probe",
}


def test_all_that_have_metrics_are_read():
    assert set(_MONITORS) == set(_READS)


@pytest.mark.parametrize("name", _READS)
def test_a_monitor_chooses_the_pods_of_its_part_alone_at_a_port_that_they_have(name):
    monitor = _MONITORS[name]
    chosen = [
        pod
        for pod in PODS.values()
        if pod.namespace == monitor["metadata"]["namespace"]
        and matches(monitor["spec"]["selector"], pod.labels)
    ]
    assert [pod.name for pod in chosen] == [_READS[name]]
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    port = chosen[0].ports[endpoint["port"]]
    policies = network("prod", addresses_of_cluster=True)
    assert policies.allows(PODS["Prometheus"], chosen[0], port)


def test_the_hub_is_read_below_its_prefix_with_a_token():
    (endpoint,) = _MONITORS["hub"]["spec"]["podMetricsEndpoints"]
    assert endpoint["path"] == "/hub/metrics"
    assert endpoint["authorization"] == {"credentials": {"name": "hub-metrics", "key": "token"}}


def test_each_alert_about_a_part_that_is_away_asks_for_the_job_of_its_monitor():
    jobs = {
        rule["replacement"]
        for each in _MONITORS.values()
        for endpoint in each["spec"]["podMetricsEndpoints"]
        for rule in endpoint["relabelings"]
        if rule["targetLabel"] == "job"
    }
    expressions = [
        rule["expr"]
        for name in _PARTS
        for each in of_kind(part(name), "PrometheusRule")
        for group in each["spec"]["groups"]
        for rule in group["rules"]
    ]
    asked = set(re.findall(r'up{job="([^"]+)"}', "\n".join(expressions)))
    assert asked == {"gpucommons-hub", "gpucommons-dex", "gpucommons-backup"} <= jobs

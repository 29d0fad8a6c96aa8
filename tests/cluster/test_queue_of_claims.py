"""GPUs that are claimed by DRA stand in Kueue's queue too."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gpucommons_local.addons.kueue import CLAIMED

from tests.platform import LocalPlatform
from tests.waiting import until

from .queued_pod import TEAM, apply, queued_pod

_DEVICE_CLASS = {
    "apiVersion": "resource.k8s.io/v1",
    "kind": "DeviceClass",
    "metadata": {"name": "gpu.nvidia.com"},
    "spec": {},
}
_CLAIM_TEMPLATE = {
    "apiVersion": "resource.k8s.io/v1",
    "kind": "ResourceClaimTemplate",
    "metadata": {"name": "one-gpu", "namespace": TEAM},
    "spec": {
        "spec": {
            "devices": {
                "requests": [{"name": "gpu", "exactly": {"deviceClassName": "gpu.nvidia.com"}}]
            }
        }
    },
}


def test_gpus_that_are_claimed_by_dra_are_counted_too(platform) -> None:
    for made in (_DEVICE_CLASS, _CLAIM_TEMPLATE):
        apply(platform, made)
    with _queue_offering(platform, CLAIMED, "1"):
        try:
            apply(platform, _claiming_pod("first"))
            until(lambda: "Quota reserved" in _kueue_says(platform, "first"))
            apply(platform, _claiming_pod("second"))
            lack = f"insufficient unused quota for {CLAIMED}"
            until(lambda: lack in _kueue_says(platform, "second"))
        finally:
            platform.kubectl("delete", "pod", "first", "second", "-n", TEAM, "--ignore-not-found")
            platform.kubectl("delete", "resourceclaimtemplate", "one-gpu", "-n", TEAM)
            platform.kubectl("delete", "deviceclass", "gpu.nvidia.com")


@contextmanager
def _queue_offering(platform: LocalPlatform, resource: str, count: str) -> Iterator[None]:
    """Let the ClusterQueue have something more for a while."""
    queue = ("clusterqueue", "gpucommons")
    spec = json.loads(platform.kubectl("get", *queue, "-o", "json"))["spec"]
    group = "/spec/resourceGroups/0"
    quota = {"name": resource, "nominalQuota": count}
    added = [(f"{group}/coveredResources/-", resource), (f"{group}/flavors/0/resources/-", quota)]
    more = [{"op": "add", "path": path, "value": value} for path, value in added]
    platform.kubectl("patch", *queue, "--type=json", "-p", json.dumps(more))
    try:
        yield
    finally:
        back = [{"op": "replace", "path": "/spec", "value": spec}]
        platform.kubectl("patch", *queue, "--type=json", "-p", json.dumps(back))


def _claiming_pod(name: str) -> dict[str, Any]:
    pod = queued_pod(name)
    (container,) = pod["spec"]["containers"]
    container["resources"] = {"claims": [{"name": "gpu"}]}
    pod["spec"]["resourceClaims"] = [{"name": "gpu", "resourceClaimTemplateName": "one-gpu"}]
    return pod


def _kueue_says(platform: LocalPlatform, pod: str) -> str:
    """What Kueue has noted about the quota of a pod."""
    listed = json.loads(platform.kubectl("get", "workloads", "-n", TEAM, "-o", "json"))["items"]
    return " ".join(
        condition["message"]
        for workload in listed
        if workload["metadata"]["ownerReferences"][0]["name"] == pod
        for condition in workload.get("status", {}).get("conditions", ())
        if condition["type"] == "QuotaReserved"
    )

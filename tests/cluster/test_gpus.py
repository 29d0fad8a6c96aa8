"""GPUs reach exactly the sessions that asked for them. Real device plugin, simulated driver."""

import json

import pytest

from tests.platform import LocalPlatform
from tests.waiting import until

_LOOK = """
import ctypes, json
try:
    ctypes.CDLL("libnvidia-ml.so.1")
except OSError as error:
    print(json.dumps({"library": False})); raise SystemExit
import pynvml
pynvml.nvmlInit()
handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
print(json.dumps({
    "library": True,
    "uuids": [pynvml.nvmlDeviceGetUUID(h) for h in handles],
    "names": [pynvml.nvmlDeviceGetName(h) for h in handles],
}))
"""


def test_the_node_offers_two_whole_gpus_and_eight_shares(platform: LocalPlatform) -> None:
    node = json.loads(platform.kubectl("get", "nodes", "-o", "json"))["items"][0]
    offered = node["status"]["allocatable"]
    assert (offered["nvidia.com/gpu"], offered["nvidia.com/gpu.shared"]) == ("2", "8")


def test_the_node_is_labelled_by_gpu_feature_discovery(platform: LocalPlatform) -> None:
    node = json.loads(platform.kubectl("get", "nodes", "-o", "json"))["items"][0]
    assert "Simulated" in node["metadata"]["labels"]["nvidia.com/gpu.product"]


def test_a_pod_that_asks_for_a_gpu_sees_that_one_alone(run_pod) -> None:
    seen = json.loads(run_pod("whole", _LOOK, {"nvidia.com/gpu": "1"}))
    assert len(seen["uuids"]) == 1
    assert "Simulated" in seen["names"][0]


def test_a_pod_with_a_share_sees_one_of_the_shared_gpus(run_pod) -> None:
    whole = json.loads(run_pod("both", _LOOK, {"nvidia.com/gpu": "2"}))
    share = json.loads(run_pod("share", _LOOK, {"nvidia.com/gpu.shared": "1"}))
    assert len(share["uuids"]) == 1
    assert set(share["uuids"]).isdisjoint(whole["uuids"])


@pytest.mark.parametrize("environment", [{}, {"NVIDIA_VISIBLE_DEVICES": "all"}])
def test_a_pod_that_asks_for_none_sees_none_whatever_it_sets(
    run_pod, environment: dict[str, str]
) -> None:
    name = "none-all" if environment else "none"
    assert json.loads(run_pod(name, _LOOK, {}, environment)) == {"library": False}


def test_a_lost_gpu_is_taken_from_what_the_node_offers(platform: LocalPlatform) -> None:
    platform.gpucommons("sim", "xid", "1", "79")
    try:
        until(lambda: _offered(platform) == "1", pause=0.5)  # the device plugin sees Xid 79
    finally:
        platform.gpucommons("sim", "reset")
        platform.kubectl("rollout", "restart", "daemonset/nvidia-device-plugin", "-n", "gpu-system")
        platform.kubectl("rollout", "status", "daemonset/nvidia-device-plugin", "-n", "gpu-system")
        until(lambda: _offered(platform) == "2", 300, pause=0.5)


def _offered(platform: LocalPlatform) -> str:
    path = "jsonpath={.items[0].status.allocatable.nvidia\\.com/gpu}"
    return platform.kubectl("get", "nodes", "-o", path)

"""The manifests of NVIDIA's programs: a golden file, and what must hold whatever it says."""

import json
from pathlib import Path

import pytest
import yaml
from gpucommons_local.gpu.plugin import (
    MPS_NODE_LABEL,
    GPUStack,
    expected_allocatable,
    manifests,
)

GOLDEN = Path(__file__).with_name("manifests.golden.yaml")

STACK = GPUStack(
    image="localhost/gpu-programs:1",
    driver_root=Path("/state/driver"),
    cdi_root=Path("/run/cdi"),
    cdi_hook=Path("/programs/nvidia-cdi-hook"),
    mps_root=Path("/run/nvidia/mps"),
    features=Path("/state/features"),
)


@pytest.fixture
def pods() -> dict[str, dict]:
    """The pod of each DaemonSet, by name."""
    return {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]
        for each in json.loads(json.dumps(manifests(STACK)))
        if each["kind"] == "DaemonSet"
    }


def main(pod: dict) -> dict:
    (container,) = pod["containers"]
    return container


def environment(container: dict) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container["env"]}


def host_folder(pod: dict, path: str) -> str:
    """The node's folder behind a path of the pod's main container."""
    (volume,) = (m["name"] for m in main(pod)["volumeMounts"] if m["mountPath"] == path)
    (folder,) = (v["hostPath"]["path"] for v in pod["volumes"] if v["name"] == volume)
    return folder


def test_the_manifests_are_those_of_the_golden_file():
    assert manifests(STACK) == list(yaml.safe_load_all(GOLDEN.read_text()))


def test_two_gpus_are_whole_and_two_are_four_shares_each():
    assert expected_allocatable(STACK) == {"nvidia.com/gpu": 2, "nvidia.com/gpu.shared": 8}


def test_the_plugins_see_different_gpus(pods):
    exclusive = host_folder(pods["nvidia-device-plugin"], "/driver-root/dev")
    shared = host_folder(pods["nvidia-device-plugin-shared"], "/driver-root/dev")
    assert (exclusive, shared) == ("/state/driver/dev-exclusive", "/state/driver/dev-shared")
    assert host_folder(pods["mps-control-daemon"], "/driver-root/dev") == shared


def test_the_plugins_do_not_write_over_each_others_devices(pods):
    folders = [
        Path(host_folder(pods[name], "/var/run/cdi"))
        for name in ("nvidia-device-plugin", "nvidia-device-plugin-shared")
    ]
    assert tuple(folders) == STACK.cdi_folders
    assert folders[0] != folders[1]


def test_sessions_get_gpus_from_the_runtime_and_by_no_variable(pods):
    for name in ("nvidia-device-plugin", "nvidia-device-plugin-shared"):
        settings = environment(main(pods[name]))
        assert settings["DEVICE_LIST_STRATEGY"] == "cdi-cri"
        assert "NVIDIA_VISIBLE_DEVICES" not in settings
        assert settings["NVIDIA_DRIVER_ROOT"] == settings["NVIDIA_DEV_ROOT"] == "/state/driver"


def test_only_the_mps_daemon_is_privileged(pods):
    privileged = {
        name
        for name, pod in pods.items()
        for container in pod["containers"] + pod["initContainers"]
        if container["securityContext"].get("privileged")
    }
    assert privileged == {"mps-control-daemon"}


def test_the_driver_cannot_be_changed_from_a_pod(pods):
    for pod in pods.values():
        for container in pod["containers"] + pod["initContainers"]:
            for mount in container["volumeMounts"]:
                if mount["mountPath"].startswith("/driver-root"):
                    assert mount["readOnly"]


def test_mps_waits_for_its_label_and_the_plugin_for_mps(pods):
    assert pods["mps-control-daemon"]["nodeSelector"] == {MPS_NODE_LABEL: "true"}
    (waiting,) = pods["nvidia-device-plugin-shared"]["initContainers"]
    assert "nvidia-cuda-mps-control" in waiting["command"][-1]


def test_every_mount_has_its_volume(pods):
    for pod in pods.values():
        volumes = [volume["name"] for volume in pod["volumes"]]
        assert len(volumes) == len(set(volumes))
        for container in pod["containers"] + pod["initContainers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} <= set(volumes)

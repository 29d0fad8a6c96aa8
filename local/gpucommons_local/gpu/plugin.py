"""NVIDIA's programs on the node, as Kubernetes manifests.

Two device plugins, because one shares all GPUs that it sees alike: one gives
GPUs out whole as ``nvidia.com/gpu``, one as MPS shares, ``nvidia.com/gpu.shared``.
Each sees its own GPUs by the device nodes that it gets, where a real node would
set NVIDIA_VISIBLE_DEVICES on its pod. Both always write a CDI file of the same
name, so each has a folder of its own.

Modelled on the charts of https://github.com/NVIDIA/k8s-device-plugin v0.18.0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Self, TypeAlias

from gpucommons_local.gpu.driver import EXCLUSIVE_GPUS, SHARED_GPUS, DriverRoot
from gpucommons_local.gpu.pods import (
    Manifest,
    container,
    daemon_set,
    environment,
    host_mounts,
    host_volumes,
)
from gpucommons_local.machine import programs
from gpucommons_local.machine.instance import Instance

EXCLUSIVE_RESOURCE = "nvidia.com/gpu"
SHARED_RESOURCE = "nvidia.com/gpu.shared"
MPS_NODE_LABEL = "nvidia.com/mps.capable"
PROGRAMS = ("nvidia-device-plugin", "mps-control-daemon", "gpu-feature-discovery")
"""What the image must hold; see the Containerfile next to this file."""

_IN_POD = DriverRoot(Path("/driver-root"))
_MPS_IN_POD = PurePosixPath("/mps")  # fixed in NVIDIA's programs
_PIPES = _MPS_IN_POD / SHARED_RESOURCE / "pipe"
_ASK_MPS = "echo get_default_active_thread_percentage | nvidia-cuda-mps-control"
_CONFIG = "gpu-sharing"
_CONFIG_FILE = "/config/sharing.yaml"

_Mounts: TypeAlias = dict[str, str]


@dataclass(frozen=True, slots=True)
class GPUStack:
    """What the manifests need to know. All paths are the node's.

    image: reference of the image that holds NVIDIA's programs.
    driver_root: what `gpucommons_local.gpu.driver.build` made.
    cdi_root: the folder that the runtime's CDI folders lie in, see `cdi_folders`.
    cdi_hook: the program nvidia-cdi-hook, which the runtime starts on the node.
    mps_root: on a mount that is shared with the pods' mounts.
    features: folder of the file that GPU Feature Discovery writes.
    replicas: MPS shares of each shared GPU.
    """

    image: str
    driver_root: Path
    cdi_root: Path
    cdi_hook: Path
    mps_root: Path
    features: Path
    namespace: str = "gpu-system"
    replicas: int = 4

    @classmethod
    def of(cls, instance: Instance, image: str = "") -> Self:
        """Say where everything lies on the node of an instance. Only manifests need the image."""
        return cls(
            image=image,
            driver_root=instance.driver_root,
            cdi_root=Path("/run/cdi"),
            cdi_hook=programs.program("nvidia-cdi-hook"),
            mps_root=Path("/run/nvidia/mps"),
            features=instance.state / "features",
        )

    @property
    def features_file(self) -> Path:
        """What GPU Feature Discovery found, as lines of ``label=value``."""
        return self.features / "gfd"

    @property
    def cdi_folders(self) -> tuple[Path, Path]:
        """Folders for ``cdi_spec_dirs`` of the runtime: whole GPUs, shared GPUs."""
        return self.cdi_root / "exclusive", self.cdi_root / "shared"


def expected_allocatable(stack: GPUStack) -> dict[str, int]:
    """Count what the node offers once all is running."""
    return {
        EXCLUSIVE_RESOURCE: len(EXCLUSIVE_GPUS),
        SHARED_RESOURCE: len(SHARED_GPUS) * stack.replicas,
    }


def manifests(stack: GPUStack) -> list[Manifest]:
    """Everything to apply, in order."""
    namespace: Manifest = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": stack.namespace},
    }
    return [
        namespace,
        _sharing_config(stack),
        _feature_discovery(stack),
        _exclusive_plugin(stack),
        _mps_daemon(stack),
        _shared_plugin(stack),
    ]


def _sharing_config(stack: GPUStack) -> Manifest:
    import yaml  # noqa: PLC0415 -- slow, and `gpucommons sim` imports this module

    resources = [{"name": EXCLUSIVE_RESOURCE, "replicas": stack.replicas}]
    config = {
        "version": "v1",
        "sharing": {"mps": {"renameByDefault": True, "resources": resources}},
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": _CONFIG, "namespace": stack.namespace},
        "data": {PurePosixPath(_CONFIG_FILE).name: yaml.safe_dump(config)},
    }


def _driver_environment() -> dict[str, str]:
    return {
        "LD_LIBRARY_PATH": str(_IN_POD.library_folder),
        "PATH": f"{_IN_POD.program_folder}:/usr/sbin:/usr/bin:/sbin:/bin",
    }


def _driver_mounts(stack: GPUStack, devices: Path) -> _Mounts:
    # The second lies over the first: all of the driver, some of the GPUs.
    return {str(_IN_POD.path): str(stack.driver_root), str(_IN_POD.devices): str(devices)}


def _feature_discovery(stack: GPUStack) -> Manifest:
    """Describe all GPUs of the node, and that sharing is by MPS."""
    mounts = {str(_IN_POD.path): str(stack.driver_root), "/features.d": str(stack.features)}
    settings = {
        "CONFIG_FILE": _CONFIG_FILE,
        "GFD_OUTPUT_FILE": f"/features.d/{stack.features_file.name}",
        "GFD_NO_TIMESTAMP": "true",
    }
    program = container(
        "gpu-feature-discovery",
        stack.image,
        ["gpu-feature-discovery"],
        env=environment(_driver_environment() | settings),
        mounts=[*host_mounts(mounts, read_only=[str(_IN_POD.path)]), _config_mount()],
    )
    volumes = [*host_volumes(mounts), _config_volume()]
    return daemon_set("gpu-feature-discovery", stack.namespace, [program], volumes)


def _plugin_settings(stack: GPUStack) -> dict[str, str]:
    return {
        "DEVICE_LIST_STRATEGY": "cdi-cri",
        "DEVICE_DISCOVERY_STRATEGY": "nvml",
        "NVIDIA_DRIVER_ROOT": str(stack.driver_root),
        "NVIDIA_DEV_ROOT": str(stack.driver_root),
        "DRIVER_ROOT_CTR_PATH": str(_IN_POD.path),
        "NVIDIA_CDI_HOOK_PATH": str(stack.cdi_hook),
    }


def _plugin_mounts(stack: GPUStack, devices: Path, cdi_folder: Path) -> _Mounts:
    return {
        **_driver_mounts(stack, devices),
        "/var/lib/kubelet/device-plugins": "/var/lib/kubelet/device-plugins",
        "/var/run/cdi": str(cdi_folder),  # fixed in the plugin
    }


def _exclusive_plugin(stack: GPUStack) -> Manifest:
    devices = DriverRoot(stack.driver_root).exclusive_devices
    mounts = _plugin_mounts(stack, devices, stack.cdi_folders[0])
    program = container(
        "nvidia-device-plugin",
        stack.image,
        ["nvidia-device-plugin"],
        env=environment(_driver_environment() | _plugin_settings(stack)),
        mounts=host_mounts(mounts, read_only=_driver_mounts(stack, devices)),
    )
    return daemon_set("nvidia-device-plugin", stack.namespace, [program], host_volumes(mounts))


def _shared_plugin(stack: GPUStack) -> Manifest:
    """Run the plugin of the shared GPUs as soon as the MPS daemon answers.

    By itself it would try only every 30 seconds.
    """
    devices = DriverRoot(stack.driver_root).shared_devices
    mounts = _plugin_mounts(stack, devices, stack.cdi_folders[1]) | _mps_mounts(stack)
    settings = {"CONFIG_FILE": _CONFIG_FILE, "MPS_ROOT": str(stack.mps_root)}
    program = container(
        "nvidia-device-plugin",
        stack.image,
        ["nvidia-device-plugin"],
        env=environment(_driver_environment() | _plugin_settings(stack) | settings),
        mounts=[
            *host_mounts(mounts, read_only=_driver_mounts(stack, devices)),
            _config_mount(),
        ],
    )
    waiting_mounts = {str(_IN_POD.path): str(stack.driver_root)}
    waiting_mounts[str(_MPS_IN_POD)] = str(stack.mps_root)
    waiting = container(
        "wait-for-mps",
        stack.image,
        ["sh", "-c", f"until {_ASK_MPS}; do sleep 0.5; done"],
        env=environment(_driver_environment() | {"CUDA_MPS_PIPE_DIRECTORY": str(_PIPES)}),
        mounts=host_mounts(waiting_mounts, read_only=waiting_mounts),
    )
    return daemon_set(
        "nvidia-device-plugin-shared",
        stack.namespace,
        [program],
        [*host_volumes(mounts), _config_volume()],
        init_containers=[waiting],
    )


def _mps_mounts(stack: GPUStack) -> _Mounts:
    return {str(_MPS_IN_POD): str(stack.mps_root), "/dev/shm": str(stack.mps_root / "shm")}  # noqa: S108


def _mps_daemon(stack: GPUStack) -> Manifest:
    """Run the MPS control daemon, on a node with the label of `MPS_NODE_LABEL`."""
    devices = DriverRoot(stack.driver_root).shared_devices
    driver_mounts = _driver_mounts(stack, devices)
    mounts = driver_mounts | _mps_mounts(stack)
    program = container(
        "mps-control-daemon",
        stack.image,
        ["mps-control-daemon"],
        env=environment(_driver_environment() | {"CONFIG_FILE": _CONFIG_FILE}),
        mounts=[*host_mounts(mounts, read_only=driver_mounts), _config_mount()],
        privileged=True,
    )
    ask = f"CUDA_MPS_PIPE_DIRECTORY={_PIPES} && export CUDA_MPS_PIPE_DIRECTORY && {_ASK_MPS}"
    program["readinessProbe"] = {"exec": {"command": ["sh", "-c", ask]}, "periodSeconds": 10}
    mount_shm = container(
        "mount-shm",
        stack.image,
        ["mps-control-daemon", "mount-shm"],
        mounts=host_mounts({str(_MPS_IN_POD): str(stack.mps_root)}, propagated=[str(_MPS_IN_POD)]),
        privileged=True,
    )
    return daemon_set(
        "mps-control-daemon",
        stack.namespace,
        [program],
        [*host_volumes(mounts), _config_volume()],
        init_containers=[mount_shm],
        node_selector={MPS_NODE_LABEL: "true"},
    )


def _config_mount() -> Mapping[str, object]:
    return {"name": "config", "mountPath": str(PurePosixPath(_CONFIG_FILE).parent)}


def _config_volume() -> Mapping[str, object]:
    return {"name": "config", "configMap": {"name": _CONFIG}}

"""The simulated driver and NVIDIA's own programs, as an add-on of the cluster."""

import json
from collections.abc import Mapping
from pathlib import Path

from gpucommons_local.cluster.kubernetes import Manifest, kubectl
from gpucommons_local.gpu.features import label_changes, labels_from_features
from gpucommons_local.gpu.plugin import PROGRAMS, GPUStack, expected_allocatable, manifests
from gpucommons_local.images import DEBIAN, Files, Image
from gpucommons_local.machine.instance import NODE_NAME, Instance
from gpucommons_local.machine.programs import programs_folder

_HERE = Path(__file__).parents[1] / "gpu"


def gpu_image() -> Image:
    """Describe the image of NVIDIA's programs; they must be built."""
    return Image(
        name="gpu-programs",
        version="0.18.0",
        containerfile="Containerfile",
        context=(Files(_HERE, ("Containerfile",)), Files(programs_folder() / "bin", PROGRAMS)),
        parent=DEBIAN,
    )


def gpu_objects(instance: Instance, images: Mapping[str, str]) -> list[Manifest]:
    """NVIDIA's device plugins, MPS daemon and feature discovery."""
    return manifests(GPUStack.of(instance, images["gpu-programs"]))


def gpus_missing(instance: Instance) -> str | None:
    """Label the node with what was discovered; says which GPUs it does not offer yet."""
    stack = GPUStack.of(instance)
    wanted = expected_allocatable(stack)
    node = json.loads(kubectl(instance, "get", "node", NODE_NAME, "-o", "json"))
    if not stack.features_file.exists():
        return "GPU Feature Discovery has written nothing yet"
    discovered = labels_from_features(stack.features_file.read_text())
    changes = label_changes(discovered, node["metadata"]["labels"])
    if changes:
        patch = json.dumps({"metadata": {"labels": changes}})
        kubectl(instance, "patch", "node", NODE_NAME, "--type=merge", "-p", patch)
    offered = node["status"]["allocatable"]
    for resource, count in wanted.items():
        if offered.get(resource) != str(count):
            return f"the node offers {offered.get(resource, 0)} of {count} {resource}"
    return None

"""From a selection to the fields of a pod. Pure: the same selection gives the same fields."""

from collections.abc import Mapping
from dataclasses import dataclass

from gpucommons_contract import Annotation, Label, SessionVariable

from gpucommons_spawner.gpu_modes import GPUFields
from gpucommons_spawner.quantity import amount, plainly
from gpucommons_spawner.selection import Person, Selection

SHARED_MEMORY_VOLUME = "shared-memory"
SHARED_MEMORY_PATH = "/dev/shm"  # noqa: S108 -- a mount point, not a file


@dataclass(frozen=True, slots=True)
class PodFields:
    """What a selection decides about a pod. CPU in cores, memory in bytes."""

    image: str
    cpu_limit: float
    cpu_guarantee: float
    mem_limit: int
    mem_guarantee: int
    extra_resource_limits: Mapping[str, str]
    node_selector: Mapping[str, str]
    tolerations: tuple[Mapping[str, str], ...]
    environment: Mapping[str, str]
    volumes: tuple[Mapping[str, object], ...]
    volume_mounts: tuple[Mapping[str, object], ...]
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


def build(selection: Selection, person: Person, server: str) -> PodFields:
    """Compile a selection for one server of a person."""
    size = selection.allocation
    gpu = size.gpu_fields()
    volumes, mounts = _shared_memory(gpu)
    return PodFields(
        image=selection.image,
        cpu_limit=float(amount(size.cpu)),
        cpu_guarantee=float(amount(size.cpu_request or size.cpu)),
        mem_limit=int(amount(size.memory)),
        mem_guarantee=int(amount(size.memory_request or size.memory)),
        extra_resource_limits=gpu.limits,
        node_selector={**gpu.node_selector, **size.node_selector},
        tolerations=gpu.tolerations,
        environment={
            **gpu.environment,
            SessionVariable.GPU_MODE: gpu.mode,
            SessionVariable.GPU_UNITS: plainly(gpu.units),
        },
        volumes=volumes,
        volume_mounts=mounts,
        labels=_labels(selection, gpu),
        annotations={Annotation.USER: person.name, Annotation.SERVER: server},
    )


def _labels(selection: Selection, gpu: GPUFields) -> dict[str, str]:
    return {
        Label.TEAM: selection.team.name,
        Label.ENVIRONMENT: selection.environment,
        Label.VERSION: selection.version,
        Label.SIZE: selection.size,
        Label.GPU_MODE: gpu.mode,
        Label.GPU_UNITS: plainly(gpu.units),
    }


def _shared_memory(
    gpu: GPUFields,
) -> tuple[tuple[Mapping[str, object], ...], tuple[Mapping[str, object], ...]]:
    """Mount a /dev/shm as large as the session's memory: the 64 MiB of a container
    are too few for the worker processes of data loaders.
    """
    if not gpu.own_shared_memory:
        return (), ()
    volume = {"name": SHARED_MEMORY_VOLUME, "emptyDir": {"medium": "Memory"}}
    return (volume,), ({"name": SHARED_MEMORY_VOLUME, "mountPath": SHARED_MEMORY_PATH},)

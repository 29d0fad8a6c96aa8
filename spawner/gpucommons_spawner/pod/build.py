"""From a selection to the fields of a pod. Pure: the same selection gives the same fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from http import HTTPStatus

from gpucommons_contract import Annotation, Label, SessionInfo, SessionVariable, amount

from gpucommons_spawner.catalogue.base import plainly
from gpucommons_spawner.catalogue.data import data_folder
from gpucommons_spawner.catalogue.gpu_modes.dra import CLAIM
from gpucommons_spawner.catalogue.gpu_modes.fields import GPUFields
from gpucommons_spawner.errors import SpawnRefusedError
from gpucommons_spawner.selection.person import Person
from gpucommons_spawner.selection.selection import Selection

SHARED_MEMORY_VOLUME = "shared-memory"
SHARED_MEMORY_PATH = "/dev/shm"  # noqa: S108 -- a mount point, not a file

_Fields = tuple[Mapping[str, object], ...]


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
    literal_environment: Mapping[str, str]
    """As ``environment``, for values with braces: nothing in them is a template."""
    volumes: _Fields
    volume_mounts: _Fields
    pod_anti_affinity_required: _Fields
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    priority_class_name: str | None
    """None leaves the operator's."""
    scheduler_name: str | None
    """None leaves the operator's; empty is the cluster's own choice."""
    opens: str
    """Name of the program that it opens with; empty leaves what the operator has set."""
    resource_claims: _Fields
    """As in a pod's spec; its container claims all of them."""
    active_deadline_seconds: int | None
    """Seconds that the session may run; None is without end."""
    runtime_class_name: str | None
    """None leaves the operator's, or the cluster's own choice."""
    one_user: bool
    """Whether all sessions of the kind must run under the same user ID."""

    @property
    def has_gpu(self) -> bool:
        """Whether a GPU, or a part of one, is charged to the session."""
        return Decimal(self.labels[Label.GPU_UNITS]) > 0


def build(selection: Selection, person: Person, server: str) -> PodFields:
    """Compile a selection for one server of a person."""
    size = selection.allocation
    gpu = size.gpu_fields()
    shared_memory = _shared_memory(size.memory) if gpu.own_shared_memory else ((), ())
    data = _data(selection)
    return PodFields(
        image=selection.image,
        cpu_limit=float(amount(size.cpu)),
        cpu_guarantee=float(amount(size.cpu_request or size.cpu)),
        mem_limit=int(amount(size.memory)),
        mem_guarantee=int(amount(size.memory_request or size.memory)),
        extra_resource_limits=gpu.limits,
        node_selector={**gpu.node_selector, **size.node_selector},
        tolerations=size.all_tolerations(),
        environment={
            **gpu.environment,
            SessionVariable.GPU_MODE: gpu.mode,
            SessionVariable.GPU_UNITS: plainly(gpu.units),
        },
        literal_environment={SessionVariable.SESSION: _session_info(selection, server)},
        volumes=shared_memory[0] + data[0],
        volume_mounts=shared_memory[1] + data[1],
        pod_anti_affinity_required=_apart(gpu, selection.team.name),
        labels=_labels(selection, gpu),
        annotations={
            Annotation.USER: person.name,
            Annotation.SERVER: server,
            **_identity(selection, person),
        },
        priority_class_name=selection.priority,
        scheduler_name="" if gpu.own_scheduler else None,
        opens=selection.opens,
        resource_claims=_claims(gpu),
        active_deadline_seconds=_whole_seconds(size.max_duration),
        runtime_class_name=size.runtime_class,
        one_user=gpu.one_user,
    )


def _identity(selection: Selection, person: Person) -> dict[str, str]:
    """Say who they are whatever they are called: names are given anew, these are not."""
    said = {Annotation.USER_SINCE: person.since, Annotation.TEAM_UID: selection.team.uid}
    return {str(name): value for name, value in said.items() if value}


def _session_info(selection: Selection, server: str) -> str:
    """Write what the session tells its person of itself.

    Kubernetes would put another variable in the place of ``$(NAME)``, so there is no ``$``.
    """
    idle, longest = selection.idle, selection.allocation.max_duration
    info = SessionInfo(
        environment=selection.environment_title,
        version=selection.version_title,
        size=selection.allocation.display_name,
        team=selection.team.display_name,
        server=server,
        longest=_whole_seconds(longest),
        idle_warn_after=_whole_seconds(idle.warn_after),
        idle_stop_after=_whole_seconds(idle.stop_after),
    )
    return info.to_json().replace("$", "\\u0024")


def _labels(selection: Selection, gpu: GPUFields) -> dict[str, str]:
    return {
        Label.TEAM: selection.team.name,
        Label.ENVIRONMENT: selection.environment,
        Label.VERSION: selection.version,
        Label.SIZE: selection.size,
        Label.GPU_MODE: gpu.mode,
        Label.GPU_UNITS: plainly(gpu.units),
    }


def _whole_seconds(span: timedelta | None) -> int | None:
    return None if span is None else int(span.total_seconds())


def _shared_memory(memory: str) -> tuple[_Fields, _Fields]:
    """Mount a /dev/shm of half the session's memory, as Linux does: the 64 MiB of a container
    are too few for the worker processes of data loaders.

    What lies there counts as memory, and outlives a restart of the container: were it as large
    as the memory, a session that filled it could never start again.
    """
    limit = str(int(amount(memory)) // 2)
    volume = {"name": SHARED_MEMORY_VOLUME, "emptyDir": {"medium": "Memory", "sizeLimit": limit}}
    return (volume,), ({"name": SHARED_MEMORY_VOLUME, "mountPath": SHARED_MEMORY_PATH},)


def _data(selection: Selection) -> tuple[_Fields, _Fields]:
    """Mount the team's data, read-only twice: for the claim, and for the container."""
    volumes, mounts = [], []
    for name, data in selection.data.items():
        claim = {"claimName": data.claim_of(name), "readOnly": True}
        volumes.append({"name": f"data-{name}", "persistentVolumeClaim": claim})
        mounts.append({"name": f"data-{name}", "mountPath": data_folder(name), "readOnly": True})
    return tuple(volumes), tuple(mounts)


def _apart(gpu: GPUFields, team: str) -> _Fields:
    """Keep off nodes where another team has sessions of this mode, and them off this one's.

    The scheduler reads such a rule both ways: a pod that has none is kept off too.
    Source: https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/
    """
    if not gpu.team_apart:
        return ()
    others = [
        {"key": str(Label.GPU_MODE), "operator": "In", "values": [gpu.mode]},
        {"key": str(Label.TEAM), "operator": "NotIn", "values": [team]},
    ]
    term = {
        "labelSelector": {"matchExpressions": others},
        "namespaceSelector": {},  # all: each team has its own
        "topologyKey": "kubernetes.io/hostname",
    }
    return (term,)


def _claims(gpu: GPUFields) -> _Fields:
    if gpu.claim_template is None:
        return ()
    return ({"name": CLAIM, "resourceClaimTemplateName": gpu.claim_template},)


def demand_one_user(fields: PodFields, uid: object) -> None:
    """Refuse what could only be half of what it says: one user ID for each person.

    uid: what the operator set. Raises SpawnRefusedError.
    """
    if fields.one_user and callable(uid):
        raise SpawnRefusedError(
            "Shares of GPUs cannot be given out here: the hub is set to another user ID for "
            "each person, and MPS lets in one at a time. Tell an administrator.",
            kind="configuration",
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            log_message="GPUSpawner.uid is a callable; sizes with mode: mps need one number",
        )

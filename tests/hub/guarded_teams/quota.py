"""Quota: GPUs that nobody counts, and sessions that are none."""

from .objects import Body, main_container, notebook, pod, session, sessions, size, volume, with_gpu
from .request import (
    BATCH,
    CLOSED,
    DEVICES,
    HUB,
    KUEUE,
    OF_CATALOGUE,
    SESSION,
    Attack,
    Request,
    beside,
    isolated,
    of_a_session,
    of_catalogue,
)

_GPU = [{"name": "gpu", "resourceClaimTemplateName": "whole-gpu"}]
_NO_GPU = "This pod asks for a GPU, and has not the labels of a size: "
_MANY = {"cpu": "64", "memory": "1073741824"}


def _of_the_hub(name: str) -> Request:
    made = session(name)
    made["metadata"]["name"] = f"jupyter-{name}"
    return Request(f"the session {name}", made, user=HUB)


def as_batch(made: Body, name: str) -> Body:
    """Leave out of a session what makes it that of a person."""
    labels = {k: v for k, v in made["metadata"]["labels"].items() if "gpucommons.io/" in k}
    made["metadata"] = {"name": name, "labels": labels}
    spec = made["spec"]
    spec["volumes"] = [each for each in spec["volumes"] if each["name"] != "workspace"]
    (container,) = spec["containers"]
    container["volumeMounts"] = [
        each for each in container["volumeMounts"] if each["name"] != "workspace"
    ]
    return made


def _of_a_program(name: str) -> Request:
    return Request(
        f"a pod of a program with the size of {name}",
        as_batch(session(name), f"batch-{name}"),
        user=BATCH,
    )


REFUSED = (
    # GPUs
    of_catalogue(
        "a GPU without labels",
        f"{_NO_GPU}device=nvidia.com/gpu=1. GPUs are in sessions, which you start at the hub.",
        container=with_gpu(gpu="1"),
    ),
    of_catalogue(
        "a share of a GPU",
        f"{_NO_GPU}device=nvidia.com/gpu.shared=1.",
        container=with_gpu(gpu__shared="1"),
    ),
    of_catalogue(
        "a partition of a GPU",
        f"{_NO_GPU}device=nvidia.com/mig-1g.10gb=1.",
        container=with_gpu(mig_1g__10gb="1"),
    ),
    of_catalogue(
        "a GPU in an init container",
        f"{_NO_GPU}device=nvidia.com/gpu=1.",
        initContainers=[main_container(name="first") | with_gpu(gpu="1")],
    ),
    of_catalogue(
        "a claim of a GPU by a template",
        f"{_NO_GPU}claim=whole-gpu.",
        resourceClaims=_GPU,
        container={"resources": {"claims": [{"name": "gpu"}]}, "env": []},
    ),
    of_catalogue(
        "a claim of a GPU by hand",
        f"{_NO_GPU}claim=(made by hand).",
        resourceClaims=[{"name": "gpu", "resourceClaimName": "mine"}],
        container={"resources": {"claims": [{"name": "gpu"}]}, "env": []},
    ),
    of_catalogue(
        "more GPUs than the labels say",
        "The size dra is gpu-mode=dra, gpu-units=1, claim=whole-gpu. This pod has "
        "device=nvidia.com/gpu=8, gpu-mode=dra, gpu-units=1.",
        user=BATCH,
        labels=size("dra", "dra", "1"),
        container=with_gpu(gpu="8"),
    ),
    of_catalogue(
        "the GPU of a size twice",
        "The size dra is gpu-mode=dra, gpu-units=1, claim=whole-gpu. This pod has "
        "claim=whole-gpu, claim=whole-gpu, gpu-mode=dra, gpu-units=1.",
        user=BATCH,
        labels=size("dra", "dra", "1"),
        resourceClaims=[*_GPU, {**_GPU[0], "name": "more"}],
        container={"resources": {"claims": [{"name": "gpu"}, {"name": "more"}]}, "env": []},
    ),
    of_catalogue(
        "fewer GPUs charged than used",
        "The size gpu is gpu-mode=exclusive, gpu-units=1, device=nvidia.com/gpu=1. This pod has "
        "device=nvidia.com/gpu=1, gpu-mode=exclusive, gpu-units=0.",
        user=BATCH,
        labels=size("gpu", "exclusive", "0"),
        container=with_gpu(gpu="1"),
    ),
    of_catalogue(
        "a size that is not there",
        "There is no size huge. Sizes are ",
        user=BATCH,
        labels=size("huge", "exclusive", "8"),
        container=with_gpu(gpu="8"),
    ),
    of_catalogue(
        "a size that other teams have",
        "Pods of team vision that the hub does not start may not have the size gpus.",
        user=BATCH,
        labels=size("gpus", "exclusive", "2"),
        container=with_gpu(gpu="2"),
    ),
    Attack(
        "shares that keep teams apart, which are the hub's alone",
        as_batch(session("share"), "batch-share"),
        user=BATCH,
        policy=OF_CATALOGUE,
        message="may not have the size share.",
    ),
    of_catalogue(
        "GPUs in two containers",
        "One container of a pod has its GPUs.",
        user=BATCH,
        labels=size("gpu", "exclusive", "1"),
        container=with_gpu(gpu="1"),
        initContainers=[main_container(name="first") | with_gpu(gpu="1")],
    ),
    isolated(
        "all GPUs of the node by a variable",
        "value: void}] in each container without a GPU",
        container={"env": [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"}]},
    ),
    isolated(
        "all GPUs of the node as the image asks for them",
        "value: void}] in each container without a GPU",
        container={"env": []},
    ),
    isolated(
        "all GPUs of the node by the last of two variables",
        "value: void}] in each container without a GPU",
        container={
            "env": [{"name": "NVIDIA_VISIBLE_DEVICES", "value": each} for each in ("void", "all")]
        },
    ),
    isolated(
        "all GPUs of the node by a config map, beside a GPU of one's own",
        "Leave out envFrom in a container with a GPU",
        labels=size("gpu", "exclusive", "1"),
        container=with_gpu(gpu="1") | {"envFrom": [{"configMapRef": {"name": "all"}}]},
        user=BATCH,
    ),
    isolated(
        "all GPUs of the node by a config map, beside a claim of one's own",
        "Leave out envFrom in a container with a GPU",
        labels=size("dra", "dra", "1"),
        resourceClaims=_GPU,
        container={
            "resources": {"claims": [{"name": "gpu"}]},
            "env": [],
            "envFrom": [{"secretRef": {"name": "all"}}],
        },
        user=BATCH,
    ),
    isolated(
        "all GPUs of the node by an annotation",
        "GPUs come by resources.limits, not by annotations of cdi.k8s.io",
        annotations={"cdi.k8s.io/mine": "nvidia.com/gpu=all"},
    ),
    isolated(
        "all GPUs of the node by a mount",
        "GPUs come by resources.limits, not by annotations of cdi.k8s.io or by a mount",
        container={
            "volumeMounts": [{"name": "more", "mountPath": "/var/run/nvidia-container-devices/all"}]
        },
        **volume(emptyDir={}),
    ),
    # Sessions that are none
    isolated(
        "no team",
        "the label gpucommons.io/team: vision. This one has none.",
        labels={"gpucommons.io/team": ""},
    ),
    isolated(
        "another team, which is charged",
        "the label gpucommons.io/team: vision. This one has astro.",
        labels={"gpucommons.io/team": "astro"},
    ),
    isolated(
        "the labels of a session",
        "are on sessions, which the hub makes. Leave them out, or start a session at the hub.",
        labels=size("cpu", "", "0"),
    ),
    isolated(
        "a session with a GPU of its own make",
        "are on sessions, which the hub makes.",
        labels=size("gpu", "exclusive", "1"),
        container=with_gpu(gpu="1"),
    ),
    isolated(
        "a pod that network policies take for a session",
        "This pod says that it is a session or a snapshot",
        labels={"component": "singleuser-server"},
    ),
    isolated(
        "a pod that the hub takes for a session of somebody",
        "This pod says that it is a session or a snapshot",
        annotations={"gpucommons.io/user": "carol", "gpucommons.io/start": "1"},
    ),
    isolated(
        "a name that a session would have",
        "Names that begin with jupyter- and snapshot- are those of sessions and snapshots.",
        name="jupyter-dan",
    ),
    # Sessions that run
    of_a_session(
        "a label changed",
        "app and component stay as they were made.",
        {"metadata": {"labels": {"gpucommons.io/gpu-units": "0.01"}}},
    ),
    of_a_session(
        "a label taken away",
        "app and component stay as they were made.",
        {"metadata": {"labels": {"component": None}}},
    ),
    of_a_session(
        "a place in the queue",
        "app and component stay as they were made.",
        {"metadata": {"labels": {"kueue.x-k8s.io/queue-name": "other"}}},
    ),
    of_a_session(
        "the first place in the queue",
        "A pod of a team is not changed: not its image, its place in the queue",
        {"spec": {"schedulingGates": []}},
    ),
    of_a_session(
        "more CPUs for a session that runs",
        "Stop it, and start it with another size at the hub.",
        {"spec": {"containers": [notebook(resources={"limits": _MANY, "requests": _MANY})]}},
        CLOSED,
        "/resize",
    ),
    # Beside pods
    beside(
        "a template for more GPUs",
        "gpucommons-team-devices",
        "Start a session with such a size at the hub.",
        f"{DEVICES}/resourceclaimtemplates",
        {
            "metadata": {"name": "whole-gpu"},
            "spec": {
                "spec": {
                    "devices": {
                        "requests": [
                            {
                                "name": "gpu",
                                "exactly": {"deviceClassName": "gpu.nvidia.com", "count": 8},
                            }
                        ]
                    }
                }
            },
        },
    ),
)

_SIZES_OF_ALL = [name for name in sessions() if name not in ("share", "gpus", "team-folder")]
LET_IN = (
    *map(_of_the_hub, sessions()),
    *map(_of_a_program, _SIZES_OF_ALL),
    Request("a pod without a GPU", pod("as-it-is")),
    Request(
        "settings from a config map, without a GPU",
        pod("settings", container={"envFrom": [{"configMapRef": {"name": "settings"}}]}),
    ),
    Request(
        "the gate opened by the queue",
        {"spec": {"schedulingGates": [], "nodeSelector": {"pool": "gpus"}}},
        SESSION,
        "PATCH",
        KUEUE,
        (("dryRun", "All"),),
    ),
    Request(
        "a label of one's own on a session",
        {"metadata": {"labels": {"example.org/seen": "yes"}}},
        SESSION,
        "PATCH",
    ),
)

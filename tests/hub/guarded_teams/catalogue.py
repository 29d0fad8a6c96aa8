"""Catalogue: images, nodes, runtimes, priorities and data that it does not have for the team."""

from .objects import DIGEST, main_container, notebook, pod, volume
from .request import Request, of_a_session, of_catalogue

REFUSED = (
    # Images
    of_catalogue(
        "an image of somebody else",
        "Not in the catalogue, for team vision: docker.io/miner:1. Allowed are, written like this: "
        "registry.example.org/sidecar:1, ",
        container={"image": "docker.io/miner:1"},
    ),
    of_catalogue(
        "such an image in an init container",
        "Not in the catalogue, for team vision: docker.io/miner:1.",
        initContainers=[main_container(name="first", image="docker.io/miner:1")],
    ),
    of_catalogue(
        "another tag of an image",
        "for team vision: example/scipy:latest.",
        container={"image": "example/scipy:latest"},
    ),
    of_catalogue(
        "a version that is switched off",
        "for team vision: example/scipy:2025.11.",
        container={"image": "example/scipy:2025.11"},
    ),
    of_catalogue(
        "an image that other teams have",
        "for team vision: example/pytorch:2.9.",
        container={"image": "example/pytorch:2.9"},
    ),
    of_catalogue(
        "an image that matches a pattern only in part",
        "what matches \\A(?:registry\\.example\\.org/own/",
        container={"image": f"evil.example.org/registry.example.org/own/a@{DIGEST}"},
    ),
    # GPUs
    of_catalogue(
        "the runtime of GPU nodes",
        "The runtime of GPU nodes is for sizes that name it. Leave out runtimeClassName.",
        runtimeClassName="nvidia",
    ),
    # The node
    of_catalogue(
        "others' nodes by a label",
        "The nodeSelector leads to nodes that are not for this pod: pool=training.",
        nodeSelector={"pool": "training"},
    ),
    of_catalogue(
        "nodes of the control plane",
        "not for this pod: node-role.kubernetes.io/control-plane:Exists::NoSchedule. "
        "Leave them out.",
        tolerations=[
            {
                "key": "node-role.kubernetes.io/control-plane",
                "operator": "Exists",
                "effect": "NoSchedule",
            }
        ],
    ),
    of_catalogue(
        "every node",
        "not for this pod: :Exists::.",
        tolerations=[{"operator": "Exists"}],
    ),
    of_catalogue(
        "priority of another team",
        "Not a priority of team vision: urgent. Leave it out, or name teaching.",
        priorityClassName="urgent",
    ),
    of_catalogue(
        "priority of another team in the queue",
        "Not a priority of team vision: urgent.",
        labels={"kueue.x-k8s.io/priority-class": "urgent"},
    ),
    # Files
    of_catalogue(
        "shared data, to write",
        "Write readOnly: true in the volume of its claim.",
        **volume(persistentVolumeClaim={"claimName": "data-imagenet"}),
    ),
    # Sessions that run
    of_a_session(
        "another image in a session",
        "A pod of a team is not changed: not its image",
        {"spec": {"containers": [notebook(image="docker.io/miner:1")]}},
    ),
)

LET_IN = (
    Request(
        "an image of the site's own",
        pod("a-sidecar", container={"image": "registry.example.org/sidecar:1"}),
    ),
    Request(
        "an image that matches a pattern",
        pod("own-image", container={"image": f"registry.example.org/own/mine@{DIGEST}"}),
    ),
    Request("the team's priority", pod("own-priority", priorityClassName="teaching")),
    Request("any node with Linux", pod("any-linux", nodeSelector={"kubernetes.io/os": "linux"})),
    Request(
        "shared data, to read",
        pod(
            "data",
            **volume(persistentVolumeClaim={"claimName": "data-imagenet", "readOnly": True}),
        ),
    ),
)

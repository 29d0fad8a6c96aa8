"""What the cluster holds besides sessions: one table, applied in order.

An add-on is a set of Kubernetes objects and a test of their readiness. To add
one, write a function that returns its objects and enter it in `ADDONS`.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gpucommons_local.addons.backup import IMAGE, backup_missing, backup_objects
from gpucommons_local.addons.dns_and_storage import dns_and_storage_objects
from gpucommons_local.addons.gpu_processes import agent_missing, gpu_processes_objects
from gpucommons_local.addons.kueue import kueue_manifests, queue_missing
from gpucommons_local.addons.simulated_gpus import gpu_objects, gpus_missing
from gpucommons_local.cluster import kubernetes
from gpucommons_local.cluster.kubernetes import Manifest
from gpucommons_local.cluster.rights import rights_objects, tokens_missing
from gpucommons_local.errors import PlatformError
from gpucommons_local.machine.instance import Instance


@dataclass(frozen=True, slots=True)
class AddOn:
    """One entry of the table.

    objects gets the references of the local images by name; ready says what is
    still missing, or nothing.
    """

    name: str
    title: str
    objects: Callable[[Instance, Mapping[str, str]], list[Manifest]]
    ready: Callable[[Instance], str | None] = lambda _: None
    start_limit: float = 60.0
    before_hub: bool = True
    """Whether the hub cannot start without it."""
    ours: bool = False
    """Whether an installation of GPU Commons brings it, and not the cluster."""
    image: str = ""
    """Name of the local image that it cannot be applied without; empty where all are there."""


def apply(addon: AddOn, instance: Instance, images: Mapping[str, str]) -> None:
    """Bring the cluster to what the add-on asks for; safe to repeat."""
    kubernetes.apply(instance, addon.objects(instance, images))
    deadline = time.monotonic() + addon.start_limit
    while missing := addon.ready(instance):
        if time.monotonic() > deadline:
            raise PlatformError(
                f"{addon.title} did not become ready in {addon.start_limit:.0f} s: {missing}"
            )
        time.sleep(0.3)


ADDONS: tuple[AddOn, ...] = (
    AddOn("cluster", "Cluster DNS and storage", dns_and_storage_objects),
    AddOn("rights", "Accounts and what they may do", rights_objects, tokens_missing, ours=True),
    AddOn(
        "backup",
        "What takes snapshots of workspaces",
        backup_objects,
        backup_missing,
        ours=True,
        image=IMAGE,
    ),
    AddOn(
        "kueue",
        "Kueue, the queue for GPUs",
        kueue_manifests,
        queue_missing,
        start_limit=300,
        image="kueue",
    ),
    AddOn(
        "gpu",
        "NVIDIA's device plugins, MPS and feature discovery",
        gpu_objects,
        gpus_missing,
        start_limit=90,
        before_hub=False,
    ),
    AddOn(
        "gpu-processes",
        "The agent that knows whose processes are on a GPU",
        gpu_processes_objects,
        agent_missing,
        before_hub=False,
        ours=True,
    ),
)

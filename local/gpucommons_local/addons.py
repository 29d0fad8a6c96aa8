"""What the cluster holds besides sessions: one table, applied in order.

An add-on is a set of Kubernetes objects and a test of their readiness. To add
one, write a function that returns its objects and enter it in `ADDONS`.
"""

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from gpucommons_local.errors import PlatformError
from gpucommons_local.gpu_addon import gpu_objects, gpus_missing
from gpucommons_local.hub import NAMESPACE, STORAGE_CLASS
from gpucommons_local.instance import (
    DNS_SERVICE_ADDRESS,
    NODE_ADDRESS,
    Instance,
)
from gpucommons_local.kubernetes import kubectl

Manifest = dict[str, Any]


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


def apply(addon: AddOn, instance: Instance, images: Mapping[str, str]) -> None:
    """Bring the cluster to what the add-on asks for; safe to repeat."""
    manifest = {"apiVersion": "v1", "kind": "List", "items": addon.objects(instance, images)}
    kubectl(
        instance,
        *("apply", "--server-side", "--force-conflicts", "--field-manager=gpucommons-local"),
        *("-f", "-"),
        stdin=json.dumps(manifest),
    )
    deadline = time.monotonic() + addon.start_limit
    while missing := addon.ready(instance):
        if time.monotonic() > deadline:
            raise PlatformError(
                f"{addon.title} did not become ready in {addon.start_limit:.0f} s: {missing}"
            )
        time.sleep(0.3)


def cluster_objects(_instance: Instance, _images: Mapping[str, str]) -> list[Manifest]:
    """DNS under the address that pods are told, and folders of this node as volumes."""
    ports = [
        {"name": f"dns-{each.lower()}", "port": 53, "protocol": each} for each in ("UDP", "TCP")
    ]
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "kube-dns", "namespace": "kube-system"},
            "spec": {"clusterIP": DNS_SERVICE_ADDRESS, "ports": ports},
        },
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": "kube-dns",
                "namespace": "kube-system",
                "labels": {"kubernetes.io/service-name": "kube-dns"},
            },
            "addressType": "IPv4",
            "endpoints": [{"addresses": [NODE_ADDRESS]}],
            "ports": ports,
        },
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": STORAGE_CLASS},
            "provisioner": "gpucommons.io/folder",
            "reclaimPolicy": "Delete",
            "volumeBindingMode": "Immediate",
        },
    ]


def hub_objects(_instance: Instance, _images: Mapping[str, str]) -> list[Manifest]:
    """The sessions' namespace, and what the hub may do: this and no more."""
    account = {"kind": "ServiceAccount", "name": "hub", "namespace": NAMESPACE}
    spawning = [
        {
            "apiGroups": [""],
            "resources": ["pods", "persistentvolumeclaims"],
            "verbs": ["get", "list", "watch", "create", "delete"],
        },
        {"apiGroups": [""], "resources": ["events"], "verbs": ["get", "list", "watch"]},
    ]
    availability = [
        {"apiGroups": [""], "resources": ["nodes", "pods"], "verbs": ["get", "list", "watch"]}
    ]
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "hub", "namespace": NAMESPACE},
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/service-account-token",
            "metadata": {
                "name": "hub-token",
                "namespace": NAMESPACE,
                "annotations": {"kubernetes.io/service-account.name": "hub"},
            },
        },
        *_grant("", {"name": "hub", "namespace": NAMESPACE}, spawning, account),
        *_grant("Cluster", {"name": "gpucommons-availability"}, availability, account),
    ]


def _grant(
    scope: str, metadata: Manifest, rules: list[Manifest], account: Manifest
) -> list[Manifest]:
    """Give an account a role of its own; scope is ``Cluster``, or empty for one namespace."""
    rbac = "rbac.authorization.k8s.io"
    role = {"apiGroup": rbac, "kind": f"{scope}Role", "name": metadata["name"]}
    common = {"apiVersion": f"{rbac}/v1", "metadata": metadata}
    return [
        {**common, "kind": f"{scope}Role", "rules": rules},
        {**common, "kind": f"{scope}RoleBinding", "roleRef": role, "subjects": [account]},
    ]


def hub_token_missing(instance: Instance) -> str | None:
    """Write the hub's kubeconfig once its token is there; says what is missing until then."""
    secret = json.loads(
        kubectl(instance, "get", "secret", "hub-token", "-n", NAMESPACE, "-o", "json")
    )
    if "token" not in secret.get("data", {}):
        return "the hub's service account has no token yet"
    _write_hub_kubeconfig(instance, secret["data"]["token"])
    return None


def _write_hub_kubeconfig(instance: Instance, token: str) -> None:
    cluster = yaml.safe_load(instance.kubeconfig.read_text())["clusters"][0]["cluster"]
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "hub",
        "clusters": [{"name": "local", "cluster": cluster}],
        "users": [{"name": "hub", "user": {"token": base64.b64decode(token).decode()}}],
        "contexts": [
            {"name": "hub", "context": {"cluster": "local", "user": "hub", "namespace": NAMESPACE}}
        ],
    }
    file = instance.kubeconfigs / "hub.conf"
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump(config))


ADDONS: tuple[AddOn, ...] = (
    AddOn("cluster", "Cluster DNS and storage", cluster_objects),
    AddOn("hub", "Sessions' namespace and the hub's rights", hub_objects, hub_token_missing),
    AddOn(
        "gpu",
        "NVIDIA's device plugins, MPS and feature discovery",
        gpu_objects,
        gpus_missing,
        start_limit=90,
        before_hub=False,
    ),
)

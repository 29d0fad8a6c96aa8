"""Somebody with edit rights in a team's namespace gets around quota, images and isolation nowhere.

A real API server asks the policies of cluster/policies, and has Kubernetes' own role `edit`. The
namespace has no label of Pod Security, which would refuse some of it before they do.
"""

import copy
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from gpucommons_config.command import main
from gpucommons_local.machine.cache import checkout

from tests.unit.spawner.conftest import CATALOGUE, FULL
from tests.waiting import until

from .kubernetes import KubernetesProgram
from .people.cluster import HUB, PEOPLE, ClusterWithRights

EDITOR = "bea@example.org"
BATCH = "system:serviceaccount:batch:runner"
"""A program of the site's own, which may start pods with GPUs."""
GUIDE = checkout() / "docs" / "how-to" / "guard-team-namespaces.md"
GOLDEN = FULL.with_name("golden")
TEAM = "team-vision"
PODS = f"/api/v1/namespaces/{TEAM}/pods"
_CONTROLLERS = (
    "clusterrole-aggregation-controller,deployment-controller,replicaset-controller,"
    "validatingadmissionpolicy-status-controller"
)
_USUAL = "usual"
"""The PriorityClass that the API server gives to pods which name none."""
_IMAGE = "example/scipy:2026.11"
_DIGEST = "sha256:" + "0" * 64

Body = dict[str, Any]


class GuardedCluster(ClusterWithRights):
    """Requests as anybody; `asked` gives the answer, whatever it is."""

    def asked(self, user: str, method: str, path: str, body: Body, **query: str) -> httpx.Response:
        headers = {"Impersonate-User": user}
        if method == "PATCH":
            headers["Content-Type"] = "application/merge-patch+json"
        content = json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
        return self.client.request(method, path, content=content, headers=headers, params=query)

    def refusal(self, user: str, method: str, path: str, body: Body, **query: str) -> str:
        """What the API server says of what it refuses; empty where it does it."""
        answer = self.asked(user, method, path, body, **query)
        return "" if answer.is_success else answer.json()["message"]


@pytest.fixture(scope="module")
def api(tmp_path_factory) -> Iterator[GuardedCluster]:
    folder = tmp_path_factory.mktemp("guarded")
    with ExitStack() as running:
        api = GuardedCluster(folder)
        # As clusters have it, so that privileged containers are not refused by this alone.
        api.command.append("--allow-privileged")
        running.callback(api.stop)
        api.start()
        # Controllers act as accounts of their own, as on every cluster that kubeadm makes.
        options = (f"--controllers={_CONTROLLERS}", "--use-service-account-credentials")
        controllers = KubernetesProgram("kube-controller-manager", folder, api.kubeconfig, *options)
        running.callback(controllers.stop)
        controllers.start()
        _install(api, folder)
        yield api


def _install(api: GuardedCluster, folder: Path) -> None:
    for each in _surroundings():
        api.kubectl("apply", "--server-side", "-f", "-", given=yaml.safe_dump(each))
    api.kubectl("apply", "--server-side", "-f", "-", given=_constraints(folder))
    api.kubectl("apply", "--server-side", "-k", str(checkout() / "cluster" / "policies"))
    # As the controller does that binds claims: only a claim that is bound can grow.
    workspace = f"{_CORE}/persistentvolumeclaims/workspace-carol/status"
    api.patch(workspace, {"status": {"phase": "Bound", "capacity": {"storage": "1Gi"}}})
    api.post(_INGRESSES, {**_ingress("/team"), "metadata": {"name": "of-administrators"}})
    session = _session("cpu")
    session["metadata"]["name"] = SESSION
    session["spec"]["schedulingGates"] = [{"name": "kueue.x-k8s.io/admission"}]
    api.post(PODS, session)
    until(lambda: "pods" in str(api.get(f"{_RBAC}/clusterroles/edit").get("rules")))
    for first in {each.policy: each for each in reversed(ATTACKS)}.values():

        def said(each: Attack = first) -> str:
            return each.refusal(api, dryRun="All")

        until(lambda each=first, said=said: each.policy in said(), instead=said)


_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_CONTROLLER = "system:serviceaccount:kube-system"
SESSION = "jupyter-carol"
"""A session of somebody else, which runs there."""


def _surroundings() -> Iterator[Body]:
    # Rights that clusters, versions of Kubernetes or drivers of GPUs add to `edit`.
    yield {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "more"},
        "rules": [
            {
                "apiGroups": [""],
                "resources": ["pods/ephemeralcontainers", "pods/resize"],
                "verbs": ["patch", "update"],
            },
            {
                "apiGroups": ["resource.k8s.io"],
                "resources": ["resourceclaims", "resourceclaimtemplates"],
                "verbs": ["create", "delete"],
            },
        ],
    }
    for name, labels in ((TEAM, {"gpucommons.io/team": "vision"}), ("elsewhere", {})):
        yield {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": labels},
        }
        yield _binding(name, "edit", EDITOR)
        yield _binding(name, "edit", BATCH)
        yield _binding(name, "more", EDITOR)
        for account in ("default", "builder"):
            yield {
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {"name": account, "namespace": name},
            }
    yield _binding(TEAM, "gpucommons-use-gpus", BATCH)
    for role, account in (("gpucommons-sessions", HUB), ("gpucommons-team-administration", PEOPLE)):
        yield _binding(TEAM, role, account)
    for name, value in (("low", -10), (_USUAL, 0), ("teaching", 10), ("urgent", 1000)):
        yield {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": name},
            "value": value,
            "globalDefault": name == _USUAL,
        }
    yield {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "default-deny", "namespace": TEAM},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    }
    yield {
        "apiVersion": "node.k8s.io/v1",
        "kind": "RuntimeClass",
        "metadata": {"name": "nvidia"},
        "handler": "nvidia",
    }
    yield {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "growing"},
        "provisioner": "example.org/none",
        "allowVolumeExpansion": True,
    }
    bound = {"storageClassName": "growing", "volumeName": "of-carol"}
    yield _claim("workspace-carol", annotations={"gpucommons.io/user": "carol"}, **bound)
    yield _claim("unbound", storageClassName="growing")


def _binding(namespace: str, role: str, user: str) -> Body:
    short = user.rpartition(":")[2].partition("@")[0]
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": f"{role}-{short}", "namespace": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    }


def _constraints(folder: Path) -> str:
    """What the command prints of the two catalogues of the golden manifests, as one."""
    small, full = yaml.safe_load(CATALOGUE), yaml.safe_load(FULL.read_text())
    for key in ("environments", "sizes"):
        full[key] = {**small[key], **full[key]}
    full["require_digests"] = False
    (folder / "catalogue.yaml").write_text(yaml.safe_dump(full))
    with redirect_stdout(StringIO()) as printed:
        command = ["catalogue", "constraints", str(folder / "catalogue.yaml")]
        command += ["--image", "registry.example.org/sidecar:1", "--default-priority", _USUAL]
        assert main(command) == 0
    return printed.getvalue()


# Objects


def _pod(
    name: str = "mine",
    labels: Body | None = None,
    annotations: Body | None = None,
    container: Body | None = None,
    **spec: Any,
) -> Body:
    """A pod that is let in, but for what is said."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "labels": {"gpucommons.io/team": "vision", **(labels or {})},
            "annotations": annotations or {},
        },
        "spec": {
            "automountServiceAccountToken": False,
            "containers": [_container() | (container or {})],
            **spec,
        },
    }


def _container(**more: Any) -> Body:
    return {
        "name": "main",
        "image": _IMAGE,
        "securityContext": {"allowPrivilegeEscalation": False},
        "env": [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"}],
        **more,
    }


def _secured(**more: Any) -> Body:
    return {"securityContext": {"allowPrivilegeEscalation": False, **more}}


def _with_gpu(**limits: str) -> Body:
    named = {
        f"nvidia.com/{name.replace('__', '.').replace('_', '-')}": n for name, n in limits.items()
    }
    return {"resources": {"limits": named}, "env": []}


def _volume(**source: Any) -> Body:
    return {"volumes": [{"name": "more", **source}]}


def _size(name: str, mode: str, units: str) -> Body:
    said = {"size": name, "gpu-mode": mode, "gpu-units": units}
    return {f"gpucommons.io/{key}": value for key, value in said.items()}


def _claim(name: str = "mine", annotations: Body | None = None, **spec: Any) -> Body:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": TEAM, "annotations": annotations or {}},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            **spec,
        },
    }


def _service(**spec: Any) -> Body:
    ports = [{"port": 80}]
    return {"metadata": {"name": "mine"}, "spec": {"ports": ports, "selector": {"a": "b"}, **spec}}


def _ingress(path: str, /, **annotations: str) -> Body:
    backend = {"service": {"name": "mine", "port": {"number": 80}}}
    paths = [{"path": path, "pathType": "Prefix", "backend": backend}]
    return {
        "metadata": {"name": "mine", "annotations": annotations},
        "spec": {"rules": [{"host": "hub.example.org", "http": {"paths": paths}}]},
    }


def _notebook(**more: Any) -> Body:
    """The container of a session, otherwise than it is."""
    (container,) = _session("cpu")["spec"]["containers"]
    return {**container, **more}


_MANY = {"cpu": "64", "memory": "1073741824"}


def _session(name: str) -> Body:
    """A pod as the spawner makes it."""
    return json.loads((GOLDEN / f"{name}.json").read_text())


# The ways


@dataclass(frozen=True)
class Attack:
    """A way around, and what is said of it. policy is the one that refuses it."""

    name: str
    policy: str
    message: str
    body: Body
    path: str = PODS
    method: str = "POST"
    user: str = EDITOR
    query: tuple[tuple[str, str], ...] = ()

    def refusal(self, api: GuardedCluster, **query: str) -> str:
        return api.refusal(
            self.user, self.method, self.path, self.body, **dict(self.query), **query
        )


_ISOLATED, _CATALOGUE = "gpucommons-pods-isolated", "gpucommons-pods-of-catalogue"
_AS_MADE, _CLOSED = "gpucommons-pods-as-made", "gpucommons-pods-closed"
_CORE, _SESSION = f"/api/v1/namespaces/{TEAM}", f"{PODS}/{SESSION}"
_POLICIES = f"/apis/networking.k8s.io/v1/namespaces/{TEAM}/networkpolicies"
_INGRESSES = f"/apis/networking.k8s.io/v1/namespaces/{TEAM}/ingresses"
_DRA = f"/apis/resource.k8s.io/v1/namespaces/{TEAM}"


def _isolated(name: str, message: str, /, **pod: Any) -> Attack:
    return Attack(name, _ISOLATED, message, _pod(**pod))


def _of_catalogue(name: str, message: str, /, user: str = EDITOR, **pod: Any) -> Attack:
    return Attack(name, _CATALOGUE, message, _pod(**pod), user=user)


def _object(name: str, policy: str, message: str, path: str, body: Body, **more: Any) -> Attack:
    return Attack(name, policy, message, body, path, **more)


def _patch(name: str, message: str, body: Body, policy: str = _AS_MADE, sub: str = "") -> Attack:
    return Attack(name, policy, message, body, f"{_SESSION}{sub}", "PATCH")


_GPU = [{"name": "gpu", "resourceClaimTemplateName": "whole-gpu"}]
_NO_GPU = "This pod asks for a GPU, and has not the labels of a size: "
_COPY = {"dataSource": {"kind": "PersistentVolumeClaim", "name": "workspace-carol"}}

ATTACKS = (
    # Images
    _of_catalogue(
        "an image of somebody else",
        "Not in the catalogue, for team vision: docker.io/miner:1. Allowed are, written like this: "
        "registry.example.org/sidecar:1, ",
        container={"image": "docker.io/miner:1"},
    ),
    _of_catalogue(
        "such an image in an init container",
        "Not in the catalogue, for team vision: docker.io/miner:1.",
        initContainers=[_container(name="first", image="docker.io/miner:1")],
    ),
    _of_catalogue(
        "another tag of an image",
        "for team vision: example/scipy:latest.",
        container={"image": "example/scipy:latest"},
    ),
    _of_catalogue(
        "a version that is switched off",
        "for team vision: example/scipy:2025.11.",
        container={"image": "example/scipy:2025.11"},
    ),
    _of_catalogue(
        "an image that other teams have",
        "for team vision: example/pytorch:2.9.",
        container={"image": "example/pytorch:2.9"},
    ),
    _of_catalogue(
        "an image that matches a pattern only in part",
        "what matches \\A(?:registry\\.example\\.org/own/",
        container={"image": f"evil.example.org/registry.example.org/own/a@{_DIGEST}"},
    ),
    # GPUs
    _of_catalogue(
        "a GPU without labels",
        f"{_NO_GPU}device=nvidia.com/gpu=1. GPUs are in sessions, which you start at the hub.",
        container=_with_gpu(gpu="1"),
    ),
    _of_catalogue(
        "a share of a GPU",
        f"{_NO_GPU}device=nvidia.com/gpu.shared=1.",
        container=_with_gpu(gpu__shared="1"),
    ),
    _of_catalogue(
        "a partition of a GPU",
        f"{_NO_GPU}device=nvidia.com/mig-1g.10gb=1.",
        container=_with_gpu(mig_1g__10gb="1"),
    ),
    _of_catalogue(
        "a GPU in an init container",
        f"{_NO_GPU}device=nvidia.com/gpu=1.",
        initContainers=[_container(name="first") | _with_gpu(gpu="1")],
    ),
    _of_catalogue(
        "a claim of a GPU by a template",
        f"{_NO_GPU}claim=whole-gpu.",
        resourceClaims=_GPU,
        container={"resources": {"claims": [{"name": "gpu"}]}, "env": []},
    ),
    _of_catalogue(
        "a claim of a GPU by hand",
        f"{_NO_GPU}claim=(made by hand).",
        resourceClaims=[{"name": "gpu", "resourceClaimName": "mine"}],
        container={"resources": {"claims": [{"name": "gpu"}]}, "env": []},
    ),
    _of_catalogue(
        "more GPUs than the labels say",
        "The size dra is gpu-mode=dra, gpu-units=1, claim=whole-gpu. This pod has "
        "device=nvidia.com/gpu=8, gpu-mode=dra, gpu-units=1.",
        user=BATCH,
        labels=_size("dra", "dra", "1"),
        container=_with_gpu(gpu="8"),
    ),
    _of_catalogue(
        "the GPU of a size twice",
        "The size dra is gpu-mode=dra, gpu-units=1, claim=whole-gpu. This pod has "
        "claim=whole-gpu, claim=whole-gpu, gpu-mode=dra, gpu-units=1.",
        user=BATCH,
        labels=_size("dra", "dra", "1"),
        resourceClaims=[*_GPU, {**_GPU[0], "name": "more"}],
        container={"resources": {"claims": [{"name": "gpu"}, {"name": "more"}]}, "env": []},
    ),
    _of_catalogue(
        "fewer GPUs charged than used",
        "The size gpu is gpu-mode=exclusive, gpu-units=1, device=nvidia.com/gpu=1. This pod has "
        "device=nvidia.com/gpu=1, gpu-mode=exclusive, gpu-units=0.",
        user=BATCH,
        labels=_size("gpu", "exclusive", "0"),
        container=_with_gpu(gpu="1"),
    ),
    _of_catalogue(
        "a size that is not there",
        "There is no size huge. Sizes are ",
        user=BATCH,
        labels=_size("huge", "exclusive", "8"),
        container=_with_gpu(gpu="8"),
    ),
    _of_catalogue(
        "a size that other teams have",
        "Pods of team vision that the hub does not start may not have the size gpus.",
        user=BATCH,
        labels=_size("gpus", "exclusive", "2"),
        container=_with_gpu(gpu="2"),
    ),
    _of_catalogue(
        "GPUs in two containers",
        "One container of a pod has its GPUs.",
        user=BATCH,
        labels=_size("gpu", "exclusive", "1"),
        container=_with_gpu(gpu="1"),
        initContainers=[_container(name="first") | _with_gpu(gpu="1")],
    ),
    _isolated(
        "all GPUs of the node by a variable",
        "value: void}] in each container without a GPU",
        container={"env": [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"}]},
    ),
    _isolated(
        "all GPUs of the node as the image asks for them",
        "value: void}] in each container without a GPU",
        container={"env": []},
    ),
    _isolated(
        "all GPUs of the node by the last of two variables",
        "value: void}] in each container without a GPU",
        container={
            "env": [{"name": "NVIDIA_VISIBLE_DEVICES", "value": each} for each in ("void", "all")]
        },
    ),
    Attack(
        "all GPUs of the node by a config map, beside a GPU of one's own",
        _ISOLATED,
        "Leave out envFrom in a container with a GPU",
        _pod(
            labels=_size("gpu", "exclusive", "1"),
            container=_with_gpu(gpu="1") | {"envFrom": [{"configMapRef": {"name": "all"}}]},
        ),
        user=BATCH,
    ),
    Attack(
        "all GPUs of the node by a config map, beside a claim of one's own",
        _ISOLATED,
        "Leave out envFrom in a container with a GPU",
        _pod(
            labels=_size("dra", "dra", "1"),
            resourceClaims=_GPU,
            container={
                "resources": {"claims": [{"name": "gpu"}]},
                "env": [],
                "envFrom": [{"secretRef": {"name": "all"}}],
            },
        ),
        user=BATCH,
    ),
    _isolated(
        "all GPUs of the node by an annotation",
        "GPUs come by resources.limits, not by annotations of cdi.k8s.io",
        annotations={"cdi.k8s.io/mine": "nvidia.com/gpu=all"},
    ),
    _isolated(
        "all GPUs of the node by a mount",
        "GPUs come by resources.limits, not by annotations of cdi.k8s.io or by a mount",
        container={
            "volumeMounts": [{"name": "more", "mountPath": "/var/run/nvidia-container-devices/all"}]
        },
        **_volume(emptyDir={}),
    ),
    _of_catalogue(
        "the runtime of GPU nodes",
        "The runtime of GPU nodes is for sizes that name it. Leave out runtimeClassName.",
        runtimeClassName="nvidia",
    ),
    # Sessions that are none
    _isolated(
        "no team",
        "the label gpucommons.io/team: vision. This one has none.",
        labels={"gpucommons.io/team": ""},
    ),
    _isolated(
        "another team, which is charged",
        "the label gpucommons.io/team: vision. This one has astro.",
        labels={"gpucommons.io/team": "astro"},
    ),
    _isolated(
        "the labels of a session",
        "are on sessions, which the hub makes. Leave them out, or start a session at the hub.",
        labels=_size("cpu", "", "0"),
    ),
    _isolated(
        "a session with a GPU of its own make",
        "are on sessions, which the hub makes.",
        labels=_size("gpu", "exclusive", "1"),
        container=_with_gpu(gpu="1"),
    ),
    _isolated(
        "a pod that network policies take for a session",
        "This pod says that it is a session or a snapshot",
        labels={"component": "singleuser-server"},
    ),
    _isolated(
        "a pod that the hub takes for a session of somebody",
        "This pod says that it is a session or a snapshot",
        annotations={"gpucommons.io/user": "carol", "gpucommons.io/start": "1"},
    ),
    _isolated(
        "a name that a session would have",
        "Names that begin with jupyter- and snapshot- are those of sessions and snapshots.",
        name="jupyter-dan",
    ),
    # The node
    _isolated(
        "a folder of the node",
        "not hostPath or others: more.",
        **_volume(hostPath={"path": "/"}),
    ),
    _isolated("the node's network", "does not share the node's network", hostNetwork=True),
    _isolated("the node's processes", "does not share the node's network", hostPID=True),
    _isolated("the node's IPC", "does not share the node's network", hostIPC=True),
    _isolated(
        "a port of the node",
        "Leave out hostPort.",
        container={"ports": [{"containerPort": 80, "hostPort": 80}]},
    ),
    _isolated(
        "a privileged container",
        "Leave out privileged and procMount.",
        container={"securityContext": {"privileged": True}},
    ),
    _isolated(
        "a capability",
        "Leave out capabilities.add.",
        container=_secured(capabilities={"add": ["SYS_ADMIN"]}),
    ),
    _isolated(
        "privileges gained later",
        "Write allowPrivilegeEscalation: false",
        container={"securityContext": {}},
    ),
    _isolated("a node by name", "Leave out nodeName.", nodeName="gpu-1"),
    _of_catalogue(
        "others' nodes by a label",
        "The nodeSelector leads to nodes that are not for this pod: pool=training.",
        nodeSelector={"pool": "training"},
    ),
    _isolated(
        "others' nodes by affinity",
        "Leave it out.",
        affinity={
            "podAntiAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": [
                    {"topologyKey": "kubernetes.io/hostname", "namespaceSelector": {}}
                ]
            }
        },
    ),
    _of_catalogue(
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
    _of_catalogue(
        "every node",
        "not for this pod: :Exists::.",
        tolerations=[{"operator": "Exists"}],
    ),
    _of_catalogue(
        "priority of another team",
        "Not a priority of team vision: urgent. Leave it out, or name teaching.",
        priorityClassName="urgent",
    ),
    _of_catalogue(
        "priority of another team in the queue",
        "Not a priority of team vision: urgent.",
        labels={"kueue.x-k8s.io/priority-class": "urgent"},
    ),
    # Accounts
    _isolated(
        "another service account",
        "Leave out serviceAccountName.",
        serviceAccountName="builder",
    ),
    _isolated(
        "the token of a service account",
        "Write automountServiceAccountToken: false.",
        automountServiceAccountToken=True,
    ),
    _isolated(
        "a projected token",
        "Leave out the projected serviceAccountToken.",
        serviceAccountName="default",
        **_volume(projected={"sources": [{"serviceAccountToken": {"path": "token"}}]}),
    ),
    _isolated(
        "a certificate of a service account",
        "Leave out others, such as podCertificate.",
        **_volume(
            projected={
                "sources": [
                    {
                        "podCertificate": {
                            "signerName": "kubernetes.io/kube-apiserver-client-pod",
                            "keyType": "ED25519",
                            "credentialBundlePath": "mine",
                        }
                    }
                ]
            }
        ),
    ),
    _object(
        "a Secret with a token",
        "gpucommons-team-tokens",
        "Make Secrets of another type.",
        f"{_CORE}/secrets",
        {
            "metadata": {
                "name": "mine",
                "annotations": {"kubernetes.io/service-account.name": "default"},
            },
            "type": "kubernetes.io/service-account-token",
        },
    ),
    _object(
        "a token asked for",
        "gpucommons-team-tokens",
        "Nobody gets a token of a service account in a team's namespace.",
        f"{_CORE}/serviceaccounts/builder/token",
        {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}},
    ),
    # Files
    _isolated(
        "somebody's workspace",
        "the hub starts: workspace-carol. This pod may have the claim team and claims of its own.",
        **_volume(persistentVolumeClaim={"claimName": "workspace-carol"}),
    ),
    _of_catalogue(
        "shared data, to write",
        "Write readOnly: true in the volume of its claim.",
        **_volume(persistentVolumeClaim={"claimName": "data-imagenet"}),
    ),
    _object(
        "a copy of somebody's workspace",
        "gpucommons-team-claims",
        "Leave out dataSource and dataSourceRef.",
        f"{_CORE}/persistentvolumeclaims",
        _claim(**_COPY),
    ),
    _object(
        "a volume that somebody had",
        "gpucommons-team-claims",
        "Leave out volumeName.",
        f"{_CORE}/persistentvolumeclaims",
        _claim(volumeName="team-astro.data-sky"),
    ),
    _object(
        "a volume that somebody had, for a claim that is there",
        "gpucommons-team-claims",
        "Leave out volumeName.",
        f"{_CORE}/persistentvolumeclaims/unbound",
        {"spec": {"volumeName": "team-astro.data-sky"}},
        method="PATCH",
    ),
    _object(
        "any volume that somebody had, by its labels",
        "gpucommons-team-claims",
        "Leave out selector, and a storageClassName that is empty.",
        f"{_CORE}/persistentvolumeclaims",
        _claim(selector={"matchLabels": {"of": "astro"}}),
    ),
    _object(
        "any volume that somebody had",
        "gpucommons-team-claims",
        "Leave out selector, and a storageClassName that is empty.",
        f"{_CORE}/persistentvolumeclaims",
        _claim(storageClassName=""),
    ),
    _object(
        "a copy of somebody's workspace that comes and goes with a pod",
        "gpucommons-team-claims",
        "Leave out dataSource and dataSourceRef.",
        f"{_CORE}/persistentvolumeclaims",
        _claim("mine-more", **_COPY),
        user=f"{_CONTROLLER}:ephemeral-volume-controller",
    ),
    _object(
        "a workspace made for somebody",
        "gpucommons-team-claims",
        "Choose another name",
        f"{_CORE}/persistentvolumeclaims",
        _claim("workspace-dan"),
    ),
    _object(
        "a workspace that is to be one's own",
        "gpucommons-team-claims",
        "Whose a workspace is stands in its labels and annotations.",
        f"{_CORE}/persistentvolumeclaims/workspace-carol",
        {"metadata": {"annotations": {"gpucommons.io/user": "bea"}}},
        method="PATCH",
    ),
    _object(
        "a workspace from before that is to be one's own",
        "gpucommons-team-claims",
        "Whose a workspace is stands in its labels and annotations.",
        f"{_CORE}/persistentvolumeclaims/workspace-carol",
        {"metadata": {"annotations": {"hub.jupyter.org/username": "bea"}}},
        method="PATCH",
    ),
    _object(
        "a larger workspace",
        "gpucommons-team-claims",
        "made larger by administrators (gpucommons workspace grow).",
        f"{_CORE}/persistentvolumeclaims/workspace-carol",
        {"spec": {"resources": {"requests": {"storage": "2Gi"}}}},
        method="PATCH",
    ),
    # Sessions that run
    _patch(
        "a label changed",
        "app and component stay as they were made.",
        {"metadata": {"labels": {"gpucommons.io/gpu-units": "0.01"}}},
    ),
    _patch(
        "a label taken away",
        "app and component stay as they were made.",
        {"metadata": {"labels": {"component": None}}},
    ),
    _patch(
        "a place in the queue",
        "app and component stay as they were made.",
        {"metadata": {"labels": {"kueue.x-k8s.io/queue-name": "other"}}},
    ),
    _patch(
        "a session that is to be one's own",
        "cdi.k8s.io stay as they were made.",
        {"metadata": {"annotations": {"gpucommons.io/user": "bea"}}},
    ),
    _patch(
        "another image in a session",
        "A pod of a team is not changed: not its image",
        {"spec": {"containers": [_notebook(image="docker.io/miner:1")]}},
    ),
    _patch(
        "the first place in the queue",
        "A pod of a team is not changed: not its image, its place in the queue",
        {"spec": {"schedulingGates": []}},
    ),
    _patch(
        "a debugging container",
        "A debugging container would see all that a session sees.",
        {"spec": {"ephemeralContainers": [{"name": "debug", "image": _IMAGE}]}},
        _CLOSED,
        "/ephemeralcontainers",
    ),
    _patch(
        "more CPUs for a session that runs",
        "Stop it, and start it with another size at the hub.",
        {"spec": {"containers": [_notebook(resources={"limits": _MANY, "requests": _MANY})]}},
        _CLOSED,
        "/resize",
    ),
    _object(
        "a shell in somebody's session",
        _CLOSED,
        "Nobody enters a pod in a team's namespace but through the hub.",
        f"{_SESSION}/exec",
        {},
        query=(("command", "sh"),),
    ),
    _object(
        "a way to the ports of a session",
        _CLOSED,
        "Nobody enters a pod in a team's namespace but through the hub.",
        f"{_SESSION}/portforward",
        {},
        query=(("ports", "8888"),),
    ),
    # Beside pods
    _object(
        "a port of every node",
        "gpucommons-team-services",
        "of type ClusterIP, not NodePort, LoadBalancer or ExternalName.",
        f"{_CORE}/services",
        _service(type="NodePort"),
    ),
    _object(
        "a load balancer",
        "gpucommons-team-services",
        "of type ClusterIP, not NodePort, LoadBalancer or ExternalName.",
        f"{_CORE}/services",
        _service(type="LoadBalancer"),
    ),
    _object(
        "addresses of somebody else",
        "gpucommons-team-services",
        "Leave out externalIPs.",
        f"{_CORE}/services",
        _service(externalIPs=["203.0.113.7"]),
    ),
    _object(
        "the hub's page for signing in, led elsewhere",
        "gpucommons-team-ingresses",
        "An Ingress may take any name and path",
        _INGRESSES,
        _ingress("/hub/login", **{"nginx.ingress.kubernetes.io/permanent-redirect": "https://x.y"}),
    ),
    _object(
        "an Ingress of an administrator, led elsewhere",
        "gpucommons-team-ingresses",
        "An Ingress may take any name and path",
        f"{_INGRESSES}/of-administrators",
        {"metadata": {"annotations": {"nginx.ingress.kubernetes.io/permanent-redirect": "x"}}},
        method="PATCH",
    ),
    _object(
        "another page in an Ingress of an administrator",
        "gpucommons-team-ingresses",
        "An Ingress may take any name and path",
        f"{_INGRESSES}/of-administrators",
        {"spec": _ingress("/hub/login")["spec"]},
        method="PATCH",
    ),
    _object(
        "a network policy that opens all",
        "gpucommons-team-network",
        "Network policies keep sessions apart",
        _POLICIES,
        {"metadata": {"name": "open"}, "spec": {"podSelector": {}, "ingress": [{}]}},
    ),
    _object(
        "no network policy",
        "gpucommons-team-network",
        "Network policies keep sessions apart",
        f"{_POLICIES}/default-deny",
        {},
        method="DELETE",
    ),
    _object(
        "a template for more GPUs",
        "gpucommons-team-devices",
        "Start a session with such a size at the hub.",
        f"{_DRA}/resourceclaimtemplates",
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


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda each: each.name)
def test_somebody_with_edit_rights_is_refused(api, attack):
    said = attack.refusal(api)
    assert f"ValidatingAdmissionPolicy '{attack.policy}'" in said
    assert attack.message in said


def test_it_is_the_policies_that_refuse(api):
    """The same is done where no team is: rights alone, and the API server, let nearly all pass."""
    passed = [each.name for each in ATTACKS if not _refused_elsewhere(api, each)]
    assert len(passed) > len(ATTACKS) * 3 // 4, passed


def _refused_elsewhere(api: GuardedCluster, attack: Attack) -> str:
    path = attack.path.replace(TEAM, "elsewhere")
    body = copy.deepcopy(attack.body)
    body.get("metadata", {}).pop("namespace", None)
    return api.refusal(attack.user, attack.method, path, body, dryRun="All", **dict(attack.query))


_DEPLOYMENTS = f"/apis/apps/v1/namespaces/{TEAM}/deployments"


def test_a_deployment_has_the_pods_that_its_author_might_have(api):
    _deploy(api, "allowed", _IMAGE)
    until(lambda: _pods_of(api, "allowed"))


def test_a_deployment_says_why_it_has_no_pods(api):
    _deploy(api, "refused", "docker.io/miner:1")

    def complaint() -> str:
        conditions = api.get(f"{_DEPLOYMENTS}/refused").get("status", {}).get("conditions", ())
        return next((c["message"] for c in conditions if c["type"] == "ReplicaFailure"), "")

    assert "Not in the catalogue, for team vision: docker.io/miner:1." in until(complaint)
    assert not _pods_of(api, "refused")


def _deploy(api: GuardedCluster, name: str, image: str) -> None:
    pod = _pod(container={"image": image}, labels={"app": name})
    spec = {
        "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": pod["metadata"]["labels"]}, "spec": pod["spec"]},
    }
    body = {"metadata": {"name": name}, "spec": spec}
    assert not api.refusal(EDITOR, "POST", _DEPLOYMENTS, body)


def _pods_of(api: GuardedCluster, name: str) -> list[Body]:
    return api.get(f"{PODS}?labelSelector=app%3D{name}")["items"]


# What is let in


@pytest.mark.parametrize("name", sorted(each.stem for each in GOLDEN.glob("*.json")))
def test_the_hub_starts_every_session_that_the_catalogue_has(api, name):
    pod = _session(name)
    pod["metadata"]["name"] = f"jupyter-{name}"
    assert not api.refusal(HUB, "POST", PODS, pod)


_OWN_SIZES = sorted(
    each.stem for each in GOLDEN.glob("*.json") if each.stem not in ("share", "gpus", "team-folder")
)


@pytest.mark.parametrize("name", _OWN_SIZES)
def test_a_program_that_may_use_gpus_has_what_a_session_of_the_size_has(api, name):
    assert not api.refusal(BATCH, "POST", PODS, _as_batch(_session(name), f"batch-{name}"))


def test_shares_that_keep_teams_apart_are_the_hubs_alone(api):
    said = api.refusal(BATCH, "POST", PODS, _as_batch(_session("share"), "batch-share"))
    assert "may not have the size share." in said


def _as_batch(pod: Body, name: str) -> Body:
    """Leave out of a session what makes it that of a person."""
    labels = {k: v for k, v in pod["metadata"]["labels"].items() if "gpucommons.io/" in k}
    pod["metadata"] = {"name": name, "labels": labels}
    spec = pod["spec"]
    spec["volumes"] = [each for each in spec["volumes"] if each["name"] != "workspace"]
    (container,) = spec["containers"]
    container["volumeMounts"] = [
        each for each in container["volumeMounts"] if each["name"] != "workspace"
    ]
    return pod


@pytest.mark.parametrize(
    "pod",
    [
        _pod("as-it-is"),
        _pod("a-sidecar", container={"image": "registry.example.org/sidecar:1"}),
        _pod("own-image", container={"image": f"registry.example.org/own/mine@{_DIGEST}"}),
        _pod("own-priority", priorityClassName="teaching"),
        _pod("any-linux", nodeSelector={"kubernetes.io/os": "linux"}),
        _pod("team-folder", **_volume(persistentVolumeClaim={"claimName": "team"})),
        _pod(
            "data",
            **_volume(persistentVolumeClaim={"claimName": "data-imagenet", "readOnly": True}),
        ),
        _pod("room", **_volume(emptyDir={})),
        _pod("settings", container={"envFrom": [{"configMapRef": {"name": "settings"}}]}),
        _pod(
            "files",
            **_volume(
                projected={
                    "sources": [
                        {"configMap": {"name": "settings"}},
                        {"secret": {"name": "settings"}},
                        {
                            "downwardAPI": {
                                "items": [
                                    {"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}
                                ]
                            }
                        },
                    ]
                }
            ),
        ),
    ],
    ids=lambda pod: pod["metadata"]["name"],
)
def test_a_pod_of_ones_own_without_gpu_is_let_in(api, pod):
    assert not api.refusal(EDITOR, "POST", PODS, pod)


def test_the_pod_that_the_guide_shows_is_let_in(api):
    pods = r"```yaml\n(apiVersion: v1\nkind: Pod\n.*?)```"
    (shown,) = re.findall(pods, GUIDE.read_text(), re.DOTALL)
    pod = yaml.safe_load(shown)
    (container,) = pod["spec"]["containers"]
    container["image"] = _IMAGE
    assert not api.refusal(EDITOR, "POST", PODS, pod)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{_CORE}/services", _service()),
        (f"{_CORE}/persistentvolumeclaims", _claim("mine")),
        (f"{_CORE}/secrets", {"metadata": {"name": "mine"}, "stringData": {"a": "b"}}),
        (f"{_CORE}/configmaps", {"metadata": {"name": "mine"}}),
    ],
    ids=["service", "claim", "secret", "config map"],
)
def test_what_harms_nobody_is_let_in(api, path, body):
    assert not api.refusal(EDITOR, "POST", path, body)


def test_notes_of_ones_own_may_be_put_on_a_pod(api):
    note = {"metadata": {"labels": {"example.org/seen": "yes"}}}
    assert not api.refusal(EDITOR, "PATCH", _SESSION, note)


def test_the_account_commands_change_network_policies_and_workspaces(api):
    policy = {"metadata": {"labels": {"a": "b"}}}
    assert not api.refusal(PEOPLE, "PATCH", f"{_POLICIES}/default-deny", policy)
    kept = {"metadata": {"annotations": {"gpucommons.io/retain-until": "2027-01-31"}}}
    path = f"{_CORE}/persistentvolumeclaims/workspace-carol"
    assert not api.refusal(PEOPLE, "PATCH", path, kept)


def test_a_claim_gets_its_volume_of_the_controller_that_binds_them(api):
    path = f"{_CORE}/persistentvolumeclaims/unbound"
    claim = api.get(path)
    claim["spec"]["volumeName"] = "made-for-it"
    binder = f"{_CONTROLLER}:persistent-volume-binder"
    assert not api.refusal(binder, "PUT", path, claim, dryRun="All")


def test_a_token_that_an_administrator_asked_for_is_filled_in(api):
    name = {"kubernetes.io/service-account.name": "builder"}
    metadata = {"name": "of-builder", "annotations": name}
    asked = {"metadata": metadata, "type": "kubernetes.io/service-account-token"}
    secret = api.post(f"{_CORE}/secrets", asked)
    secret["data"] = {"token": "dG9rZW4="}
    controllers = "system:kube-controller-manager"
    path = f"{_CORE}/secrets/of-builder"
    assert not api.refusal(controllers, "PUT", path, secret, dryRun="All")


def test_somebody_s_secret_cannot_become_one_with_a_token(api):
    made = {"metadata": {"name": "plain"}, "stringData": {"a": "b"}}
    assert not api.refusal(EDITOR, "POST", f"{_CORE}/secrets", made)
    changed = {"type": "kubernetes.io/service-account-token"}
    said = api.refusal(EDITOR, "PATCH", f"{_CORE}/secrets/plain", changed)
    assert "field is immutable" in said


def test_a_controller_keeps_an_ingress_of_an_administrator_until_it_has_tidied_up(api):
    kept = {"metadata": {"finalizers": ["example.org/load-balancer"]}}
    path = f"{_INGRESSES}/of-administrators"
    assert not api.refusal(EDITOR, "PATCH", path, kept, dryRun="All")


def test_network_policies_go_with_their_namespace(api):
    path = f"{_POLICIES}/default-deny"
    controller = f"{_CONTROLLER}:namespace-controller"
    assert not api.refusal(controller, "DELETE", path, {}, dryRun="All")


def test_kueue_opens_the_gate_of_a_session_whose_turn_has_come(api):
    kueue = "system:serviceaccount:kueue-system:kueue-controller-manager"
    api.kubectl("apply", "-f", "-", given=yaml.safe_dump(_binding(TEAM, "edit", kueue)))
    opened = {"spec": {"schedulingGates": [], "nodeSelector": {"pool": "gpus"}}}
    until(lambda: not api.refusal(kueue, "PATCH", _SESSION, opened, dryRun="All"))


def test_elsewhere_nothing_is_refused(api):
    pod = _pod(container={"image": "docker.io/miner:1"}, hostNetwork=True)
    path = PODS.replace(TEAM, "elsewhere")
    assert not api.refusal(EDITOR, "POST", path, pod)


def test_the_api_server_finds_no_mistake_in_the_expressions(api):
    path = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"

    def judged() -> list[Body]:
        policies = api.get(path)["items"]
        return policies if all("typeChecking" in p.get("status", {}) for p in policies) else []

    found = {each["metadata"]["name"]: each["status"]["typeChecking"] for each in until(judged)}
    assert {each.policy for each in ATTACKS} <= found.keys()
    assert not [each["expressionWarnings"] for each in found.values() if each]

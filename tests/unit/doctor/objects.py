"""Objects as an API server sends them, shortened to what programs read of them.

Shapes: https://kubernetes.io/docs/reference/kubernetes-api/ and, for Kueue and snapshots, the
schemas of their CustomResourceDefinitions.
"""

from copy import deepcopy

import yaml
from gpucommons_contract import Annotation
from gpucommons_doctor.z2jh import CHART_VERSION
from gpucommons_people.teams.team import Team
from gpucommons_people.teams.team_objects import team_objects
from reference_pages.project import ROOT

from tests.unit.cluster_objects.chart_policies import chart_policies

SMI = "NVIDIA-H200"
RENEWED = "2026-11-29T10:00:00.512345Z"
"""A kubelet writes fractions of a second; managedFields have none."""
NOTED = "2026-11-29T10:00:00Z"

WHOLE = {"nvidia.com/gpu": "8"}
SHARED = {"nvidia.com/gpu.shared": "16"}
WHOLE_LABELS = {
    "nvidia.com/gpu.count": "8",
    "nvidia.com/gpu.product": SMI,
    "nvidia.com/gpu.replicas": "1",
    "nvidia.com/gpu.sharing-strategy": "none",
}
SHARED_LABELS = {
    "nvidia.com/gpu.count": "4",
    "nvidia.com/gpu.product": SMI,
    "nvidia.com/gpu.replicas": "4",
    "nvidia.com/gpu.sharing-strategy": "mps",
}
GPU_TAINT = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}


def node(name, gpus=None, labels=None, *, taints=(), conditions=None, version="v1.35.4", **amounts):
    """A node. amounts are added to what it has, also to what it offers."""
    has = {"cpu": "64", "memory": "527906692Ki", "pods": "110", **(gpus or {}), **amounts}
    said = {"Ready": "True", "MemoryPressure": "False", "DiskPressure": "False"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {"kubernetes.io/hostname": name, **(labels or {})},
            "annotations": {},
        },
        "spec": {"podCIDR": "10.244.0.0/24", **({"taints": list(taints)} if taints else {})},
        "status": {
            "capacity": dict(has),
            "allocatable": dict(has),
            "conditions": [
                {"type": kind, "status": status, "reason": f"Kubelet{kind}", "message": f"m {kind}"}
                for kind, status in {**said, **(conditions or {})}.items()
            ],
            "nodeInfo": {"kubeletVersion": version, "osImage": "Debian GNU/Linux 12"},
        },
    }


def lease(name, renewed=RENEWED, noted=NOTED):
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": name,
            "namespace": "kube-node-lease",
            "managedFields": [
                {
                    "manager": "kubelet",
                    "operation": "Update",
                    "apiVersion": "coordination.k8s.io/v1",
                    "time": noted,
                    "fieldsType": "FieldsV1",
                    "fieldsV1": {
                        "f:metadata": {"f:ownerReferences": {".": {}}},
                        "f:spec": {
                            "f:holderIdentity": {},
                            "f:leaseDurationSeconds": {},
                            "f:renewTime": {},
                        },
                    },
                }
            ],
        },
        "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": renewed},
    }


def storage_class(name="fast", *, default=True, made="2026-01-01T00:00:00Z", **fields):
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": name,
            "creationTimestamp": made,
            "annotations": {"storageclass.kubernetes.io/is-default-class": str(default).lower()},
        },
        "provisioner": "rbd.csi.ceph.com",
        "reclaimPolicy": "Delete",
        "allowVolumeExpansion": True,
        "volumeBindingMode": "WaitForFirstConsumer",
        **fields,
    }


def snapshot_class(name="snapshots", driver="rbd.csi.ceph.com"):
    return {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshotClass",
        "metadata": {"name": name},
        "driver": driver,
        "deletionPolicy": "Delete",
    }


def named(kind, name, namespace=None, **fields):
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"kind": kind, "metadata": metadata, **fields}


def team(name="vision", **limits):
    """The namespace, quota and queue of a team, as the account commands make them."""
    made = team_objects(Team(name=name, **limits))
    found = {each["kind"]: each for each in made if each["kind"] != "NetworkPolicy"}
    found["Namespace"]["status"] = {"phase": "Active"}
    return found


def limit_range(kind="Container", namespace="team-vision", **limits):
    """What a site gives to namespaces beside what the account commands make."""
    return named("LimitRange", "site", namespace, spec={"limits": [{"type": kind, **limits}]})


def cluster_queue(quotas, name="gpucommons", *, active=True):
    resources = [{"name": resource, "nominalQuota": count} for resource, count in quotas.items()]
    return {
        "apiVersion": "kueue.x-k8s.io/v1beta2",
        "kind": "ClusterQueue",
        "metadata": {"name": name},
        "spec": {
            "resourceGroups": [
                {
                    "coveredResources": list(quotas),
                    "flavors": [{"name": "gpus", "resources": resources}],
                }
            ],
            "stopPolicy": "None",
        },
        "status": {
            "conditions": [
                {
                    "type": "Active",
                    "status": "True" if active else "False",
                    "reason": "Ready" if active else "FlavorNotFound",
                    "message": "Can admit new workloads"
                    if active
                    else "Can't admit new workloads: references missing ResourceFlavor(s): gpus",
                }
            ]
        },
    }


def resource_slice(name="node-1-gpu.nvidia.com-x", *, devices=8, on="gpu-1"):
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceSlice",
        "metadata": {"name": name},
        "spec": {
            "driver": "gpu.nvidia.com",
            "nodeName": on,
            "pool": {"name": on, "generation": 1, "resourceSliceCount": 1},
            "devices": [{"name": f"gpu-{number}"} for number in range(devices)],
        },
    }


def webhook_configuration(name="policy", *, kind="Validating", **fields):
    webhook = {
        "name": f"{name}.example.org",
        "admissionReviewVersions": ["v1"],
        "clientConfig": {
            "service": {"name": name, "namespace": "policy", "path": "/check", "port": 443}
        },
        "failurePolicy": "Fail",
        "matchPolicy": "Equivalent",
        "namespaceSelector": {},
        "objectSelector": {},
        "rules": [
            {
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "operations": ["CREATE"],
                "resources": ["pods"],
                "scope": "*",
            }
        ],
        "sideEffects": "None",
        "timeoutSeconds": 10,
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": f"{kind}WebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [{**webhook, **deepcopy(fields)}],
    }


_OF_CLUSTER = ("network-policies/default-deny", "network-policies/to-dns", "network-policies/hub")
_POLICIES = (*_OF_CLUSTER, "idle-culler/network-policy", "doctor/network-policy")


def network_policies():
    """Those of cluster/ that the namespace of the hub has, and z2jh's own for the hub."""
    texts = [(ROOT / "cluster" / f"{file}.yaml").read_text() for file in _POLICIES]
    made = [each for text in texts for each in yaml.safe_load_all(text)]
    for each in made:
        each["metadata"]["namespace"] = "gpucommons"
    of_chart = chart_policies("prod")
    for each in of_chart:
        each["metadata"]["labels"] = {"app": "jupyterhub", "chart": f"jupyterhub-{CHART_VERSION}"}
    to_store = named("NetworkPolicy", "snapshots-to-store", "team-vision", spec={"podSelector": {}})
    return [*made, *of_chart, to_store]


def _of_snapshots(name):
    """What takes them, after somebody copied the passwords."""
    made = deployment(name, {"app.kubernetes.io/name": name})
    made["metadata"]["annotations"] = {str(Annotation.PASSWORDS_COPIED_AT): NOTED}
    return made


def workspace(name="workspace-ada", *, component="singleuser-storage", **notes):
    """A claim that has a snapshot of all; notes: annotations by the names of `Annotation`."""
    said = {
        "mounted_at": "2026-11-29T10:00:00Z",
        "snapshot_last_good": "2026-11-29T10:30:00Z",
        "snapshot_tidied": "2026-11-29T11:00:00Z",
        "backup_repository": f"vision/{name}-0a1b2c3d",
    }
    found = {str(Annotation[key.upper()]): value for key, value in (said | notes).items() if value}
    metadata = {"labels": {"component": component}, "annotations": found}
    return {
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": name,
            "namespace": "team-vision",
            "creationTimestamp": "2026-11-01T10:00:00Z",
            **metadata,
        },
    }


def admission_policies():
    """Those of cluster/backup, and what binds them."""
    text = (ROOT / "cluster/backup/its-own-pods-only.yaml").read_text()
    made = list(yaml.safe_load_all(text))
    return [
        [each for each in made if each["kind"] == kind]
        for kind in ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
    ]


def deployments():
    """Those of an installation that runs."""
    of_chart = {"app": "jupyterhub", "release": "jupyterhub"}
    culler = yaml.safe_load((ROOT / "cluster/idle-culler/deployment.yaml").read_text())
    return [
        deployment("hub", {**of_chart, "component": "hub"}),
        deployment("proxy", {**of_chart, "component": "proxy"}),
        deployment("idle-culler", culler["spec"]["template"]["metadata"]["labels"], replicas=2),
        deployment("dex", {"app.kubernetes.io/name": "dex"}, namespace="dex"),
        *(_of_snapshots(name) for name in ("backup", "backup-store", "earlier-files")),
    ]


def deployment(name, labels, *, namespace="gpucommons", replicas=1):
    """A Deployment whose pods are all ready."""
    since = "2026-11-29T10:00:00Z"
    condition = {"type": "Available", "status": "True", "lastTransitionTime": since}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "creationTimestamp": since},
        "spec": {"replicas": replicas, "template": {"metadata": {"labels": labels}}},
        "status": {"availableReplicas": replicas, "conditions": [condition]},
    }


def hub_ingress(*hosts):
    """What z2jh's chart makes of ingress.hosts."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": "jupyterhub",
            "namespace": "gpucommons",
            "labels": {"app": "jupyterhub", "component": "ingress"},
        },
        "spec": {"rules": [{"host": each} for each in hosts]},
    }


def api_server_slice(port=6443, address="192.168.7.1"):
    """Where the API server says it is: it keeps this object itself."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"kubernetes.io/service-name": "kubernetes"},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
        "ports": [{"name": "https", "port": port, "protocol": "TCP"}],
    }


def endpoint_slice(service="policy", namespace="policy", *, ready=(True,)):
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{service}-abcde",
            "namespace": namespace,
            "labels": {"kubernetes.io/service-name": service},
        },
        "addressType": "IPv4",
        "endpoints": [
            {
                "addresses": [f"10.0.0.{number}"],
                "conditions": {"ready": each, "serving": each, "terminating": False},
            }
            for number, each in enumerate(ready)
        ],
    }

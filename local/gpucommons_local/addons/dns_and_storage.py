"""Cluster DNS, and storage for workspaces, as an add-on of the cluster."""

from collections.abc import Mapping

from gpucommons_local.cluster.kubernetes import Manifest
from gpucommons_local.machine.instance import DNS_SERVICE_ADDRESS, NODE_ADDRESS, Instance

STORAGE_CLASS = "workspaces"


def dns_and_storage_objects(_instance: Instance, _images: Mapping[str, str]) -> list[Manifest]:
    """DNS under the address that pods use, and volumes on this node."""
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
            "allowVolumeExpansion": True,
        },
    ]

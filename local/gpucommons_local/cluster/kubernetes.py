"""The cluster's credentials, made by kubeadm, and kubectl to talk to it."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from gpucommons_local.machine.instance import (
    NODE_ADDRESS,
    NODE_NAME,
    POD_RANGE,
    SERVICE_RANGE,
    Instance,
)
from gpucommons_local.machine.node import enter_command
from gpucommons_local.machine.programs import KUBERNETES_VERSION, program
from gpucommons_local.machine.toolchain import run_logged

Manifest = dict[str, Any]
"""An object of the cluster, as in YAML."""


def write_credentials(instance: Instance) -> None:
    """Make certificates and kubeconfigs where they are missing. Kept over restarts.

    Kubeconfigs are made anew when the platform moves to another port.
    """
    if _leads_to(instance.kubeconfigs / "super-admin.conf", instance.api_port):
        return
    for file in instance.kubeconfigs.glob("*.conf"):
        file.unlink()
    configuration = [
        {
            "apiVersion": "kubeadm.k8s.io/v1beta4",
            "kind": "InitConfiguration",
            "localAPIEndpoint": {
                "advertiseAddress": NODE_ADDRESS,
                "bindPort": instance.api_port,
            },
            "nodeRegistration": {"name": NODE_NAME, "criSocket": f"unix://{runtime_socket()}"},
        },
        {
            "apiVersion": "kubeadm.k8s.io/v1beta4",
            "kind": "ClusterConfiguration",
            "kubernetesVersion": KUBERNETES_VERSION,
            "clusterName": f"gpucommons-{instance.name}",
            "certificatesDir": str(instance.pki),
            "controlPlaneEndpoint": f"127.0.0.1:{instance.api_port}",
            "networking": {"serviceSubnet": SERVICE_RANGE, "podSubnet": POD_RANGE},
            "apiServer": {"certSANs": ["127.0.0.1", "localhost", NODE_ADDRESS]},
        },
    ]
    file = instance.state / "kubeadm.yaml"
    file.write_text(yaml.safe_dump_all(configuration))
    log = instance.logs / "kubeadm.log"
    kubeadm = [str(program("kubeadm")), "init", "phase"]
    for arguments in (
        ["certs", "all"],
        ["kubeconfig", "all", "--kubeconfig-dir", str(instance.kubeconfigs)],
    ):
        run_logged([*kubeadm, *arguments, "--config", str(file)], folder=instance.state, log=log)


def _leads_to(kubeconfig: Path, port: int) -> bool:
    """Whether a kubeconfig is there and is for the API server at this port."""
    if not kubeconfig.exists():
        return False
    (cluster,) = yaml.safe_load(kubeconfig.read_text())["clusters"]
    return str(cluster["cluster"]["server"]).endswith(f":{port}")


def runtime_socket() -> Path:
    """containerd's socket, inside the node."""
    return Path("/run/containerd/containerd.sock")


def kubectl(
    instance: Instance, *arguments: str, stdin: str | None = None, identity: str = "admin"
) -> str:
    """Run kubectl inside the node as one of kubeadm's identities; returns its output."""
    kubeconfig = instance.kubeconfigs / f"{identity}.conf"
    command = [enter_command(instance), str(program("kubectl")), "--kubeconfig", str(kubeconfig)]
    command += arguments
    result = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(f"kubectl {' '.join(arguments)}: {result.stderr.strip()}")
    return result.stdout


def apply(instance: Instance, objects: Sequence[Manifest]) -> None:
    """Bring objects to what they say, whoever changed them; safe to repeat.

    Raises RuntimeError with what kubectl says.
    """
    kubectl(
        instance,
        *("apply", "--server-side", "--force-conflicts", "--field-manager=gpucommons-local"),
        *("-f", "-"),
        stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}),
    )


def kustomized(folder: Path) -> list[Manifest]:
    """Return the objects that a folder with a kustomization describes."""
    command = [str(program("kubectl")), "kustomize", str(folder)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return list(yaml.safe_load_all(output))


def grant_administrator(instance: Instance) -> None:
    """Let kubeadm's administrator group administer; what `kubeadm init` does itself."""
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "kubeadm:cluster-admins"},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "cluster-admin",
        },
        "subjects": [{"kind": "Group", "name": "kubeadm:cluster-admins"}],
    }
    manifest = yaml.safe_dump(binding)
    kubectl(instance, "apply", "-f", "-", stdin=manifest, identity="super-admin")


def lead_to_api_server(instance: Instance) -> None:
    """Let pods find the API server where it is now, after the platform moved to another port.

    The API server writes its port into these objects when it makes them, and never again: the
    Service it leaves as it is, and of its endpoints it corrects the addresses alone where an
    earlier one ended without taking its own away. Source: UpdateKubernetesService(false) in
    pkg/controlplane/controller/kubernetesservice of Kubernetes.
    """
    names = ("service/kubernetes", "endpoints/kubernetes", "endpointslice/kubernetes")
    where = ("-n", "default")
    look = ("get", *names, *where, "--ignore-not-found", "-o", "json")
    output = kubectl(instance, *look)
    for kind, patch in moved_ports(_listed(output), instance.api_port):
        arguments = ("--type=merge", "-p", json.dumps(patch))
        kubectl(instance, "patch", kind, "kubernetes", *where, *arguments)


def moved_ports(
    objects: Sequence[Mapping[str, Any]], port: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return kind and merge patch of each object of the API server that leads elsewhere."""
    for each in objects:
        kind = str(each["kind"])
        before, after = _ports_of(kind, each), _ports_of(kind, each, port)
        if before != after:
            yield kind.lower(), after


def _ports_of(kind: str, found: Mapping[str, Any], port: int | None = None) -> dict[str, Any]:
    """Return the part of an object that says its ports, with another port if one is given."""
    if kind == "Service":
        return {"spec": {"ports": _with_port(found["spec"]["ports"], "targetPort", port)}}
    if kind == "Endpoints":
        subsets = found.get("subsets") or []
        return {
            "subsets": [{**s, "ports": _with_port(s.get("ports"), "port", port)} for s in subsets]
        }
    return {"ports": _with_port(found.get("ports"), "port", port)}


def _with_port(
    ports: Sequence[Mapping[str, Any]] | None, key: str, port: int | None
) -> list[dict[str, Any]]:
    change = {} if port is None else {key: port}
    return [{**each, **change} for each in ports or ()]


def _listed(output: str) -> list[dict[str, Any]]:
    """Read what kubectl prints: a list, one object, or nothing where there is none."""
    if not output.strip():
        return []
    found = json.loads(output)
    items: list[dict[str, Any]] = found.get("items", [found])
    return items

"""The cluster's credentials, made by kubeadm, and kubectl to talk to it."""

import subprocess
from pathlib import Path

import yaml

from gpucommons_local.instance import (
    NODE_ADDRESS,
    NODE_NAME,
    POD_RANGE,
    SERVICE_RANGE,
    Instance,
)
from gpucommons_local.node import enter_command
from gpucommons_local.programs import KUBERNETES_VERSION, program
from gpucommons_local.toolchain import run_logged


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

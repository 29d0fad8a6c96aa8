"""The Kubernetes control plane and node agents as supervised programs.

kubeadm makes the certificates and kubeconfigs; the programs are those of
`programs`, with the flags that a single node needs.
"""

import subprocess
from pathlib import Path

import yaml

from gpucommons_local.instance import (
    DNS_SERVICE_ADDRESS,
    NODE_ADDRESS,
    NODE_NAME,
    POD_RANGE,
    SERVICE_RANGE,
    Instance,
)
from gpucommons_local.node import enter_command
from gpucommons_local.programs import KUBERNETES_VERSION, program
from gpucommons_local.supervision import Program
from gpucommons_local.toolchain import run_logged

_ETCD_HEALTH_PORT = 2381
_DNS_READY_PORT = 8181
_KUBELET_HEALTH_PORT = 10248


def write_credentials(instance: Instance) -> None:
    """Make certificates and kubeconfigs where they are missing. Kept over restarts."""
    if (instance.kubeconfigs / "super-admin.conf").exists():
        return
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


def control_plane(instance: Instance) -> list[Program]:
    """etcd, API server, controller-manager and scheduler, in the order of their start."""
    return [
        _etcd(instance),
        _api_server(instance),
        _controller_manager(instance),
        _scheduler(instance),
    ]


def node_agents(instance: Instance) -> list[Program]:
    """kubelet, kube-proxy, CoreDNS and the storage provisioner."""
    return [_kubelet(instance), _kube_proxy(instance), _dns(instance), _storage(instance)]


def _http_probe(port: int, path: str) -> tuple[str, ...]:
    return ("curl", "-fsS", "-m", "5", "-o", "/dev/null", f"http://127.0.0.1:{port}{path}")


def _https_probe(port: int, path: str) -> tuple[str, ...]:
    # Only whether it serves: these ports are on the node's own loopback.
    return ("curl", "-fsSk", "-m", "5", "-o", "/dev/null", f"https://127.0.0.1:{port}{path}")


def _etcd(instance: Instance) -> Program:
    pki = instance.pki / "etcd"
    return Program(
        "etcd",
        [
            str(program("etcd")),
            f"--data-dir={instance.state / 'etcd'}",
            "--listen-client-urls=https://127.0.0.1:2379",
            "--advertise-client-urls=https://127.0.0.1:2379",
            "--listen-peer-urls=http://127.0.0.1:2380",
            f"--listen-metrics-urls=http://127.0.0.1:{_ETCD_HEALTH_PORT}",
            f"--cert-file={pki / 'server.crt'}",
            f"--key-file={pki / 'server.key'}",
            "--client-cert-auth",
            f"--trusted-ca-file={pki / 'ca.crt'}",
            # One machine's trial cluster: a lost second is worth a quiet disk.
            "--unsafe-no-fsync",
            "--log-level=warn",
        ],
        _http_probe(_ETCD_HEALTH_PORT, "/readyz"),
    )


def _api_server(instance: Instance) -> Program:
    pki = instance.pki
    flags = {
        "advertise-address": NODE_ADDRESS,
        "secure-port": str(instance.api_port),
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        "client-ca-file": pki / "ca.crt",
        "tls-cert-file": pki / "apiserver.crt",
        "tls-private-key-file": pki / "apiserver.key",
        "etcd-servers": "https://127.0.0.1:2379",
        "etcd-cafile": pki / "etcd/ca.crt",
        "etcd-certfile": pki / "apiserver-etcd-client.crt",
        "etcd-keyfile": pki / "apiserver-etcd-client.key",
        "kubelet-client-certificate": pki / "apiserver-kubelet-client.crt",
        "kubelet-client-key": pki / "apiserver-kubelet-client.key",
        "kubelet-preferred-address-types": "InternalIP",
        "proxy-client-cert-file": pki / "front-proxy-client.crt",
        "proxy-client-key-file": pki / "front-proxy-client.key",
        "requestheader-client-ca-file": pki / "front-proxy-ca.crt",
        "requestheader-allowed-names": "front-proxy-client",
        "requestheader-username-headers": "X-Remote-User",
        "requestheader-group-headers": "X-Remote-Group",
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
        "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
        "service-account-key-file": pki / "sa.pub",
        "service-account-signing-key-file": pki / "sa.key",
        "service-cluster-ip-range": SERVICE_RANGE,
        "profiling": "false",
    }
    probe = (str(program("kubectl")), "--kubeconfig", str(instance.kubeconfigs / "super-admin.conf"))
    return Program(
        "kube-apiserver",
        [str(program("kube-apiserver")), *_flags(flags)],
        (*probe, "get", "--raw", "/readyz"),
    )


def _controller_manager(instance: Instance) -> Program:
    kubeconfig = instance.kubeconfigs / "controller-manager.conf"
    flags = {
        "kubeconfig": kubeconfig,
        "authentication-kubeconfig": kubeconfig,
        "authorization-kubeconfig": kubeconfig,
        "bind-address": "127.0.0.1",
        "client-ca-file": instance.pki / "ca.crt",
        "root-ca-file": instance.pki / "ca.crt",
        "cluster-signing-cert-file": instance.pki / "ca.crt",
        "cluster-signing-key-file": instance.pki / "ca.key",
        "service-account-private-key-file": instance.pki / "sa.key",
        "requestheader-client-ca-file": instance.pki / "front-proxy-ca.crt",
        "use-service-account-credentials": "true",
        "allocate-node-cidrs": "true",
        "cluster-cidr": POD_RANGE,
        "node-cidr-mask-size": "20",
        "service-cluster-ip-range": SERVICE_RANGE,
        "leader-elect": "false",
        "profiling": "false",
    }
    return Program(
        "kube-controller-manager",
        [str(program("kube-controller-manager")), *_flags(flags)],
        _https_probe(10257, "/healthz"),
    )


def _scheduler(instance: Instance) -> Program:
    kubeconfig = instance.kubeconfigs / "scheduler.conf"
    flags = {
        "kubeconfig": kubeconfig,
        "authentication-kubeconfig": kubeconfig,
        "authorization-kubeconfig": kubeconfig,
        "bind-address": "127.0.0.1",
        "leader-elect": "false",
        "profiling": "false",
    }
    return Program(
        "kube-scheduler",
        [str(program("kube-scheduler")), *_flags(flags)],
        _https_probe(10259, "/healthz"),
    )


def _kubelet(instance: Instance) -> Program:
    configuration = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": NODE_ADDRESS,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(instance.pki / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": instance.cgroup,
        "clusterDNS": [DNS_SERVICE_ADDRESS],
        "clusterDomain": "cluster.local",
        "containerRuntimeEndpoint": f"unix://{runtime_socket()}",
        "enforceNodeAllocatable": [],
        "evictionHard": {"memory.available": "200Mi", "nodefs.available": "2%"},
        "failCgroupV1": False,
        "failSwapOn": False,
        "healthzPort": _KUBELET_HEALTH_PORT,
        # The images are ours and come back only by another build.
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "resolvConf": str(instance.state / "resolv.conf"),
        "runtimeRequestTimeout": "10m",
    }
    file = instance.state / "kubelet.yaml"
    flags = {
        "config": file,
        "kubeconfig": instance.kubeconfigs / "kubelet.conf",
        "hostname-override": NODE_NAME,
        "node-ip": NODE_ADDRESS,
    }
    return Program(
        "kubelet",
        [str(program("kubelet")), *_flags(flags)],
        _http_probe(_KUBELET_HEALTH_PORT, "/healthz"),
        files={file: yaml.safe_dump(configuration), instance.state / "resolv.conf": ""},
    )


def _kube_proxy(instance: Instance) -> Program:
    configuration = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "bindAddress": NODE_ADDRESS,
        "clusterCIDR": POD_RANGE,
        "hostnameOverride": NODE_NAME,
        # Limits of the machine's kernel are not the node's to change.
        "conntrack": {"maxPerCore": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "clientConnection": {"kubeconfig": str(instance.kubeconfigs / "admin.conf")},
    }
    file = instance.state / "kube-proxy.yaml"
    return Program(
        "kube-proxy",
        [str(program("kube-proxy")), f"--config={file}"],
        ("curl", "-fsS", "-m", "5", "-o", "/dev/null", f"http://{NODE_ADDRESS}:10256/healthz"),
        files={file: yaml.safe_dump(configuration)},
    )


def _dns(instance: Instance) -> Program:
    file = instance.state / "Corefile"
    configuration = (
        ".:53 {\n"
        f"    bind {NODE_ADDRESS}\n"
        "    errors\n"
        "    health 127.0.0.1:8180\n"
        f"    ready 127.0.0.1:{_DNS_READY_PORT}\n"
        "    kubernetes cluster.local in-addr.arpa {\n"
        f"        kubeconfig {instance.kubeconfigs / 'admin.conf'}\n"
        "    }\n"
        "    cache 30\n"
        "    loop\n"
        "}\n"
    )
    return Program(
        "coredns",
        [str(program("coredns")), "-conf", str(file)],
        _http_probe(_DNS_READY_PORT, "/ready"),
        files={file: configuration},
    )


def _storage(instance: Instance) -> Program:
    flags = {
        "kubeconfig": instance.kubeconfig,
        "root": instance.state / "volumes",
        "node": NODE_NAME,
    }
    return Program("storage-provisioner", [str(program("storage-provisioner")), *_flags(flags)])


def _flags(flags: dict[str, str | Path] | dict[str, str]) -> list[str]:
    return [f"--{name}={value}" for name, value in flags.items()]

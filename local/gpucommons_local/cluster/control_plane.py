"""The control plane: etcd, API server, controller-manager and scheduler of one node."""

from pathlib import Path

from gpucommons_local.cluster.probes import flags, http_probe, https_probe
from gpucommons_local.machine.instance import NODE_ADDRESS, POD_RANGE, SERVICE_RANGE, Instance
from gpucommons_local.machine.programs import program
from gpucommons_local.machine.supervision import Program

_ETCD_HEALTH_PORT = 2381


def control_plane(instance: Instance) -> list[Program]:
    """etcd, API server, controller-manager and scheduler, in the order of their start."""
    return [
        _etcd(instance),
        _api_server(instance),
        _controller_manager(instance),
        _scheduler(instance),
    ]


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
        http_probe(_ETCD_HEALTH_PORT, "/readyz"),
    )


def _api_server(instance: Instance) -> Program:
    pki = instance.pki
    options: dict[str, str | Path] = {
        "advertise-address": NODE_ADDRESS,
        "secure-port": str(instance.api_port),
        "authorization-mode": "Node,RBAC",
        # The MPS daemon and the device plugins are privileged; sessions are kept from it
        # by what the spawner builds.
        "allow-privileged": "true",
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
    return Program(
        "kube-apiserver",
        [str(program("kube-apiserver")), *flags(options)],
        # Kubernetes lets everybody ask this, once its own rights are in force.
        https_probe(instance.api_port, "/readyz"),
    )


def _controller_manager(instance: Instance) -> Program:
    options: dict[str, str | Path] = {
        **_of_controller(instance.kubeconfigs / "controller-manager.conf"),
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
    }
    return Program(
        "kube-controller-manager",
        [str(program("kube-controller-manager")), *flags(options)],
        https_probe(10257, "/healthz"),
    )


def _scheduler(instance: Instance) -> Program:
    options = _of_controller(instance.kubeconfigs / "scheduler.conf")
    return Program(
        "kube-scheduler",
        [str(program("kube-scheduler")), *flags(options)],
        https_probe(10259, "/healthz"),
    )


def _of_controller(kubeconfig: Path) -> dict[str, str | Path]:
    """Return the options of what watches the API server, and is the only one of its kind."""
    return {
        "kubeconfig": kubeconfig,
        "authentication-kubeconfig": kubeconfig,
        "authorization-kubeconfig": kubeconfig,
        "bind-address": "127.0.0.1",
        "leader-elect": "false",
        "profiling": "false",
    }

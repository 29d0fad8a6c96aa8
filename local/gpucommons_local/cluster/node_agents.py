"""What runs on the node in addition to containerd: storage, kubelet, kube-proxy, CoreDNS."""

from pathlib import Path

import yaml

from gpucommons_local.cluster.kubernetes import runtime_socket
from gpucommons_local.cluster.probes import flags, http_probe
from gpucommons_local.machine.instance import (
    NODE_ADDRESS,
    NODE_DNS_ADDRESS,
    NODE_NAME,
    POD_RANGE,
    Instance,
)
from gpucommons_local.machine.programs import program
from gpucommons_local.machine.supervision import Program
from gpucommons_local.machine.volumes import why_not_enforced

_DNS_READY_PORT = 8181
_KUBELET_HEALTH_PORT = 10248


def node_agents(instance: Instance) -> list[Program]:
    """The storage provisioner, which mounts the volumes, before kubelet, kube-proxy and CoreDNS."""
    return [_storage(instance), _kubelet(instance), _kube_proxy(instance), _dns(instance)]


def _storage(instance: Instance) -> Program:
    # In the node's own /run, so it goes with the mounts.
    ready = Path("/run/volumes-mounted")
    options: dict[str, str | Path] = {
        "kubeconfig": instance.kubeconfig,
        "root": instance.volumes,
        "node": NODE_NAME,
        "enforce-sizes": "false" if why_not_enforced(instance) else "true",
        "ready-file": ready,
    }
    return Program(
        "storage-provisioner",
        [str(program("storage-provisioner")), *flags(options)],
        ("test", "-e", str(ready)),
        # mkfs.xfs, mount, losetup and xfs_growfs are looked up on PATH.
        environment={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        start_limit=300.0,
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
        # Made for the node's address too; who asks the kubelet for figures checks it.
        "tlsCertFile": str(instance.pki / "apiserver.crt"),
        "tlsPrivateKeyFile": str(instance.pki / "apiserver.key"),
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": instance.cgroup,
        "clusterDNS": [NODE_DNS_ADDRESS],
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
        # Another platform's kubelet would take our pods' logs for leftovers of its own.
        "podLogsDir": str(instance.logs / "pods"),
        "resolvConf": str(instance.state / "resolv.conf"),
        "runtimeRequestTimeout": "10m",
    }
    file = instance.state / "kubelet.yaml"
    options: dict[str, str | Path] = {
        "config": file,
        "kubeconfig": instance.kubeconfigs / "kubelet.conf",
        "hostname-override": NODE_NAME,
        "node-ip": NODE_ADDRESS,
    }
    return Program(
        "kubelet",
        [str(program("kubelet")), *flags(options)],
        http_probe(_KUBELET_HEALTH_PORT, "/healthz"),
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
        f"    bind {NODE_ADDRESS} {NODE_DNS_ADDRESS}\n"
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
        http_probe(_DNS_READY_PORT, "/ready"),
        files={file: configuration},
    )

"""What enforces NetworkPolicies on the node: that part of kube-router alone.

It reads pods, namespaces and policies and writes rules for iptables and ipset, in the
node's network namespace alone. Rules stay in force while it is stopped.
"""

from pathlib import Path

from gpucommons_local.calling import flags
from gpucommons_local.instance import NODE_NAME, SERVICE_RANGE, Instance
from gpucommons_local.programs import program
from gpucommons_local.rights import POLICY_ACCOUNT
from gpucommons_local.supervision import Program

_METRICS_PORT = 20241
_RULES_GIVEN = "^kube_router_controller_iptables_v4_restore_time_count [1-9]"
"""The line in its metrics that appears once it has given the kernel its first rules."""


def network_policies(instance: Instance) -> Program:
    """Return kube-router. It can start once the node has registered and its account has a token."""
    options: dict[str, str | Path] = {
        "kubeconfig": instance.kubeconfigs / f"{POLICY_ACCOUNT}.conf",
        "hostname-override": NODE_NAME,
        "service-cluster-ip-range": SERVICE_RANGE,
        "metrics-addr": "127.0.0.1",
        "metrics-port": str(_METRICS_PORT),
    }
    metrics = f"curl -fsS -m 5 http://127.0.0.1:{_METRICS_PORT}/metrics"
    return Program(
        "kube-router",
        [str(program("kube-router")), *flags(options)],
        ("sh", "-c", f"{metrics} | grep -q '{_RULES_GIVEN}'"),
    )

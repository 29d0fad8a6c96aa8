"""The engine that enforces NetworkPolicies on the node, and the rules that lead packets to it.

kube-network-policies (https://github.com/kubernetes-sigs/kube-network-policies) judges the first
packet of each connection. Its own rules need a kernel with nft_queue, which small ones lack; these
do the same by iptables.
"""

import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from gpucommons_local.cluster.probes import flags, http_probe
from gpucommons_local.machine.instance import NODE_NAME, Instance
from gpucommons_local.machine.programs import program
from gpucommons_local.machine.supervision import Program
from gpucommons_local.machine.toolchain import BIN

_QUEUE = 100
_METRICS_PORT = 9081
_TO_ENGINE = ("-m", "conntrack", "--ctstate", "NEW", "-j", "NFQUEUE", "--queue-num", str(_QUEUE))
_OF_NODE = ("-m", "owner", "--uid-owner", "0", "-m", "addrtype", "--src-type", "LOCAL")
_RULES = (
    # What the node itself begins, such as the kubelet's probes, no policy forbids.
    ("POSTROUTING", *_OF_NODE, "-j", "RETURN"),
    ("POSTROUTING", "!", "-o", "lo", *_TO_ENGINE),
    ("INPUT", "!", "-i", "lo", *_TO_ENGINE),
)


def network_policies(instance: Instance) -> Program:
    """Return the engine. While it is up, what no policy allows is dropped."""
    command = [str(BIN / "python"), "-m", "gpucommons_local.cluster.network_policies"]
    return Program(
        "network-policies",
        [*command, *_engine(instance)],
        http_probe(_METRICS_PORT, "/metrics"),
    )


def _engine(instance: Instance) -> list[str]:
    options: dict[str, str | Path] = {
        "kubeconfig": instance.kubeconfigs / "admin.conf",
        "hostname-override": NODE_NAME,
        "nfqueue-id": str(_QUEUE),
        "fail-open": "false",
        "strict-mode": "false",
        "metrics-bind-address": f"127.0.0.1:{_METRICS_PORT}",
    }
    return [str(program("kube-network-policies")), *flags(options)]


def _change(what: str, rule: tuple[str, ...], *, check: bool) -> None:
    chain, *rest = rule
    command = ["iptables", "--wait", "-t", "mangle", what, chain, *rest]
    subprocess.run(command, check=check, capture_output=not check)


def main() -> int:
    """Run the engine, with the rules in place as long as this runs; returns its exit code."""
    engine = subprocess.Popen(sys.argv[1:])

    def end(_signal: int, _frame: FrameType | None) -> None:
        engine.terminate()

    signal.signal(signal.SIGTERM, end)
    try:
        for rule in _RULES:
            _change("-D", rule, check=False)  # of a run that was killed
            _change("-A", rule, check=True)
        return engine.wait()
    finally:
        engine.terminate()  # also where a rule could not be made: the next one needs its queue
        for rule in _RULES:
            _change("-D", rule, check=False)


if __name__ == "__main__":
    sys.exit(main())

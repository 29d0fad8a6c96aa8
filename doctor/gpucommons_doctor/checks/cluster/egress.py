"""Whether network policies let a pod out to an address at a port. Pure.

Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from gpucommons_people.clients.kinds import Manifest

from gpucommons_doctor.kubernetes import selects, spec_of

Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """An address that is no pod's, and a TCP port."""

    address: str
    port: int

    def __str__(self) -> str:
        """Return it as in an URL."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"


def lets_out(
    policies: Iterable[Manifest], labels: Mapping[str, str], target: Target, *, by_address: bool
) -> bool:
    """Return whether the policies of a pod's namespace let the pod out to a target.

    labels are the pod's. by_address: whether rules for addresses count. For Cilium they do not
    where the address is one of a node or of the API server.
    """
    selecting = [each for each in policies if _is_about(each, labels)]
    rules = [rule for each in selecting for rule in spec_of(each).get("egress") or ()]
    return not selecting or any(
        _has_port(rule, target.port) and _has_peer(rule, target.address, by_address=by_address)
        for rule in rules
    )


def _is_about(policy: Manifest, labels: Mapping[str, str]) -> bool:
    spec = spec_of(policy)
    ways = spec.get("policyTypes") or (["Egress"] if "egress" in spec else [])
    return "Egress" in ways and selects(spec.get("podSelector") or {}, labels)


def _has_port(rule: Rule, port: int) -> bool:
    ports = rule.get("ports")
    return not ports or any(_includes(each, port) for each in ports)


def _includes(described: Rule, port: int) -> bool:
    """Return whether a port of a rule is, or includes, this one. Names are of ports of pods."""
    if described.get("protocol", "TCP") != "TCP":
        return False
    if (first := described.get("port")) is None:
        return True
    return isinstance(first, int) and first <= port <= described.get("endPort", first)


def _has_peer(rule: Rule, address: str, *, by_address: bool) -> bool:
    peers = rule.get("to")
    return not peers or (by_address and any(_in_block(each, address) for each in peers))


def _in_block(peer: Rule, address: str) -> bool:
    if (block := peer.get("ipBlock")) is None:
        return False
    found = ip_address(address)
    return found in ip_network(block["cidr"]) and not any(
        found in ip_network(each) for each in block.get("except") or ()
    )

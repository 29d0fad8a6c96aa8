"""Who may reach whom by NetworkPolicies. Pure: objects in, yes or no out.

As Kubernetes defines them: a direction in which no policy selects a pod is open; otherwise a
connection needs a rule of any policy that selects it. Both ends are asked.
Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

Labels = Mapping[str, str]
Rule = Mapping[str, Any]


@dataclass(frozen=True)
class Pod:
    """A pod, and the ports at which it listens, by name."""

    name: str
    namespace: str
    labels: Labels
    address: str
    ports: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Machine:
    """What is no pod: a node or the API server, or something outside the cluster."""

    name: str
    address: str
    of_cluster: bool


End = Pod | Machine


@dataclass(frozen=True)
class Network:
    """Policies and namespaces.

    addresses_of_cluster: whether an ipBlock holds for pods, nodes and the API server. It does for
    Calico, and does not for Cilium, which knows them by what they are and never by address.
    """

    namespaces: Mapping[str, Labels]
    policies: tuple[Mapping[str, Any], ...]
    addresses_of_cluster: bool

    def allows(self, source: End, target: End, port: int, protocol: str = "TCP") -> bool:
        """Whether a connection from one to a port of the other may be made."""
        ends = (("Egress", source, target), ("Ingress", target, source))
        return all(
            not isinstance(end, Pod) or self._passes(way, end, peer, target, (port, protocol))
            for way, end, peer in ends
        )

    def _passes(self, way: str, end: Pod, peer: End, target: End, asked: tuple[int, str]) -> bool:
        selecting = [each for each in self.policies if _selects(each, end, way)]
        rules = (rule for each in selecting for rule in each["spec"].get(way.lower()) or ())
        return not selecting or any(
            _names_port(rule, target, *asked) and self._names(rule, way, end.namespace, peer)
            for rule in rules
        )

    def _names(self, rule: Rule, way: str, namespace: str, peer: End) -> bool:
        peers = rule.get("to" if way == "Egress" else "from")
        return not peers or any(self._is(each, namespace, peer) for each in peers)

    def _is(self, described: Rule, namespace: str, peer: End) -> bool:
        if "ipBlock" in described:
            outside = isinstance(peer, Machine) and not peer.of_cluster
            within = outside or self.addresses_of_cluster
            return within and _in_block(described["ipBlock"], peer.address)
        if not isinstance(peer, Pod):
            return False
        if (namespaces := described.get("namespaceSelector")) is not None:
            if not matches(namespaces, self.namespaces[peer.namespace]):
                return False
        elif peer.namespace != namespace:
            return False
        return matches(described.get("podSelector") or {}, peer.labels)


def _selects(policy: Mapping[str, Any], pod: Pod, way: str) -> bool:
    spec = policy["spec"]
    ways = spec.get("policyTypes") or ["Ingress", *(["Egress"] if "egress" in spec else [])]
    return (
        way in ways
        and policy["metadata"]["namespace"] == pod.namespace
        and matches(spec["podSelector"], pod.labels)
    )


def _names_port(rule: Rule, target: End, port: int, protocol: str) -> bool:
    if not (ports := rule.get("ports")):
        return True
    return any(
        each.get("protocol", "TCP") == protocol and port in _numbers(each, target) for each in ports
    )


def _numbers(described: Rule, target: End) -> range:
    """Return the ports of a rule, of which a name is the target's own to explain."""
    first = described.get("port", 1)
    if isinstance(first, str):
        first = target.ports.get(first, 0) if isinstance(target, Pod) else 0
    last = described.get("endPort", 65535 if "port" not in described else first)
    return range(first, last + 1)


def _in_block(block: Mapping[str, Any], address: str) -> bool:
    found = ip_address(address)
    inside = found in ip_network(block["cidr"])
    return inside and not any(found in ip_network(each) for each in block.get("except") or ())


def matches(selector: Mapping[str, Any], labels: Labels) -> bool:
    """Whether a selector takes what has these labels; an empty one takes everything."""
    wanted = selector.get("matchLabels") or {}
    return wanted.items() <= labels.items() and all(_holds(selector, labels))


def _holds(selector: Mapping[str, Any], labels: Labels) -> Iterator[bool]:
    for each in selector.get("matchExpressions") or ():
        value = labels.get(each["key"])
        match each["operator"]:
            case "In":
                yield value in each["values"]
            case "NotIn":
                yield value not in each["values"]
            case "Exists":
                yield value is not None
            case "DoesNotExist":
                yield value is None
            case other:
                raise ValueError(f"{other} is no operator of selectors")

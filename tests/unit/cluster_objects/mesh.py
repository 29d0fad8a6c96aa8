"""Who may reach whom by Istio's policies, as ztunnel judges. Pure: objects in, yes or no out.

A workload that a policy selects takes what a rule of any of them names, and one that none selects
takes everything. Source: https://istio.io/latest/docs/reference/config/security/authorization-policy/
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .reachability import Labels

TUNNEL = 15008
"""The port to which every connection within the mesh goes, as NetworkPolicies see it."""


@dataclass(frozen=True)
class Identity:
    """Whom a certificate of the mesh names: an account of a namespace."""

    namespace: str
    account: str

    @property
    def principal(self) -> str:
        """As policies write it."""
        return f"cluster.local/ns/{self.namespace}/sa/{self.account}"


def is_strict(policies: Iterable[Mapping[str, Any]], namespace: str) -> bool:
    """Whether everything in a namespace refuses connections without an identity."""
    return any(
        each["kind"] == "PeerAuthentication"
        and each["metadata"]["namespace"] == namespace
        and each["spec"] == {"mtls": {"mode": "STRICT"}}
        for each in policies
    )


def admits(
    policies: Iterable[Mapping[str, Any]],
    source: Identity,
    target: tuple[str, Labels],
    port: int,
) -> bool:
    """Whether a pod, given by namespace and labels, takes a connection of somebody at a port."""
    namespace, labels = target
    selecting = [
        each["spec"]
        for each in policies
        if each["kind"] == "AuthorizationPolicy"
        and each["metadata"]["namespace"] == namespace
        and (each["spec"].get("selector") or {}).get("matchLabels", {}).items() <= labels.items()
    ]
    rules = [rule for each in selecting for rule in each.get("rules") or ()]
    assert all(each.get("action", "ALLOW") == "ALLOW" for each in selecting)
    return not selecting or any(_names(rule, source, port) for rule in rules)


def _names(rule: Mapping[str, Any], source: Identity, port: int) -> bool:
    assert set(rule) == {"from", "to"}, "a rule names both"
    return any(_is(each["source"], source) for each in rule["from"]) and any(
        _has_port(each["operation"], port) for each in rule["to"]
    )


def _is(described: Mapping[str, Any], source: Identity) -> bool:
    ((key, values),) = described.items()
    found = {"principals": source.principal, "namespaces": source.namespace}[key]
    return any(_fits(each, found) for each in values)


def _fits(pattern: str, text: str) -> bool:
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


def _has_port(described: Mapping[str, Any], port: int) -> bool:
    assert set(described) == {"ports"}, "ztunnel knows ports, and neither paths nor methods"
    return str(port) in described["ports"]

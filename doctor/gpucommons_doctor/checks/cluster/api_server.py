"""Whether the network policies of our own pods let them reach the API server where it listens."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from gpucommons_contract.formats.wording import joined
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import Manifest

from gpucommons_doctor.check import Check
from gpucommons_doctor.checks.cluster.egress import Target, lets_out
from gpucommons_doctor.finding import Finding, fault, good, unknown, warning
from gpucommons_doctor.kubernetes import ENDPOINT_SLICES, NETWORK_POLICIES, name_of, spec_of

PORTS = (443, 6443)
"""Where the policies of cluster/ expect the API server."""
_OF_THE_API_SERVER = "kubernetes.io/service-name=kubernetes"
"""Source: https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/ #ownership; the
API server itself keeps the slice of the Service default/kubernetes."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Pods of ours that speak with the API server.

    policy is the one that lets them, and chart_policy another whose labels they have as well.
    """

    who: str
    namespace: str
    policy: str
    chart_policy: str = ""


SPEAKERS = (
    Speaker("the hub", "gpucommons", "hub-beyond-addresses", "hub"),
    Speaker("the idle culler", "gpucommons", "idle-culler"),
    Speaker("accounting", "gpucommons", "accounting"),
    Speaker("the doctor", "gpucommons", "doctor"),
    Speaker("the controller of snapshots", "gpucommons", "backup"),
    Speaker("the database", "gpucommons", "gpucommons-database"),
    Speaker("the agent of GPU nodes", "gpucommons-node", "gpu-processes"),
    Speaker("private access", "gpucommons-private-access", "private-access"),
)
Policies = Mapping[str, Sequence[Manifest]]
"""The NetworkPolicies of each namespace."""


class APIServer(Check):
    """Compares where the API server listens with the policies that are installed."""

    name: ClassVar[str] = "api-server"
    question: ClassVar[str] = "Do the network policies let our pods reach the API server?"

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at the API server's endpoints and at the policies of our namespaces."""
        slices = await cluster.list(ENDPOINT_SLICES, "default", _OF_THE_API_SERVER)
        namespaces = sorted({each.namespace for each in SPEAKERS})
        found = await asyncio.gather(*(cluster.list(NETWORK_POLICIES, n) for n in namespaces))
        return judge_ways(targets_of(slices), dict(zip(namespaces, found, strict=True)))


def targets_of(slices: Iterable[Manifest]) -> list[Target]:
    """Return where the API servers listen, by the slices of their Service."""
    return [
        Target(address, port["port"])
        for each in slices
        for port in each.get("ports") or ()
        for endpoint in each.get("endpoints") or ()
        for address in endpoint["addresses"]
    ]


def judge_ways(targets: Sequence[Target], policies: Policies) -> list[Finding]:
    """Judge the ways from our pods to the API servers. A pod without its policy is not there."""
    if not targets:
        return [
            unknown(
                "The Service default/kubernetes has no endpoint, so where the API server listens "
                "is not known.",
                "Look at the EndpointSlices of the namespace default.",
            )
        ]
    there = [each for each in SPEAKERS if _policy(each.policy, policies[each.namespace])]
    if not there:
        return [_not_installed(targets)]
    found = [one for each in there if (one := _judge(each, targets, policies[each.namespace]))]
    return found or [good(f"Our policies let pods reach the API server at {_ports(targets)}.")]


def _judge(
    speaker: Speaker, targets: Sequence[Target], policies: Sequence[Manifest]
) -> Finding | None:
    labels = _labels(speaker, policies)
    shut = [e for e in targets if not lets_out(policies, labels, e, by_address=True)]
    by_address = [e for e in targets if not lets_out(policies, labels, e, by_address=False)]
    if shut:
        found = f"No network policy lets {speaker.who} reach the API server at {_places(shut)}."
        return fault(found, _patch(speaker, shut))
    if by_address:
        found = (
            f"Network policies let {speaker.who} reach the API server at {_places(by_address)} by "
            "its address alone, which does not count for Cilium."
        )
        return warning(found, _patch(speaker, by_address))
    return None


def _labels(speaker: Speaker, policies: Sequence[Manifest]) -> dict[str, str]:
    """Return the labels of a speaker's pods, as far as policies name them."""
    labels: dict[str, str] = {}
    for name in (speaker.policy, speaker.chart_policy):
        for each in _policy(name, policies):
            labels |= spec_of(each).get("podSelector", {}).get("matchLabels") or {}
    return labels


def _policy(name: str, policies: Sequence[Manifest]) -> list[Manifest]:
    return [each for each in policies if name_of(each) == name]


def _not_installed(targets: Sequence[Target]) -> Finding:
    other = sorted({each.port for each in targets} - set(PORTS))
    if not other:
        return good(f"The API server is at {_ports(targets)}, where our policies will expect it.")
    return warning(
        f"The API server is at {_ports(targets)}; the policies of cluster/ let pods reach it at "
        f"{joined([*map(str, PORTS)])} alone.",
        f"Before you apply them, write the folder with `gpucommons init --api-port {other[0]}`, or "
        "patch them: docs/how-to/apply-our-objects.md.",
    )


def _patch(speaker: Speaker, targets: Sequence[Target]) -> str:
    ports = sorted({each.port for each in targets})
    rule = {"ports": [{"protocol": "TCP", "port": each} for each in ports]}
    patch = json.dumps([{"op": "add", "path": "/spec/egress/-", "value": rule}])
    return (
        f"kubectl -n {speaker.namespace} patch networkpolicy {speaker.policy} --type json "
        f"--patch '{patch}', and, so that it stays, `gpucommons init FOLDER --update --api-port "
        f"{ports[0]}`."
    )


def _places(targets: Iterable[Target]) -> str:
    return joined([str(each) for each in targets])


def _ports(targets: Iterable[Target]) -> str:
    ports = sorted({each.port for each in targets})
    return f"port {joined([str(each) for each in ports])}"

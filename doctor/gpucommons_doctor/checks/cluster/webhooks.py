"""Whether an admission webhook that does not answer keeps sessions from starting."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from gpucommons_contract import Label
from gpucommons_contract.formats.wording import counted
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import Manifest

from gpucommons_doctor.check import Check
from gpucommons_doctor.checks.teams.pod_security import ENFORCE
from gpucommons_doctor.finding import Finding, fault, good, unknown, warning
from gpucommons_doctor.kubernetes import (
    ENDPOINT_SLICES,
    MUTATING,
    VALIDATING,
    labels_of,
    name_of,
    selects,
)
from gpucommons_doctor.team_namespaces import team_namespaces

_SERVICE = "kubernetes.io/service-name"
_OURS = frozenset({"pods", "persistentvolumeclaims"})
"""What the hub creates in the namespaces of teams."""
_A_TEAM = {str(Label.TEAM): "team", ENFORCE: "restricted"}
"""Labels that the namespace of any team has."""

Service = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook without whose answer the API server refuses what it is asked about.

    service is None where it answers at an address outside the cluster.
    """

    name: str
    service: Service | None
    concerns_sessions: bool


class Webhooks(Check):
    """Looks for webhooks with `failurePolicy: Fail` and nobody behind them."""

    name: ClassVar[str] = "webhooks"
    question: ClassVar[str] = "Do the admission webhooks answer without which nothing starts?"

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at all webhooks, and at the endpoints of their services."""
        teams = [labels_of(each) for each in await team_namespaces(cluster)] or [_A_TEAM]
        strict = [
            *strict_webhooks("validating", await cluster.list(VALIDATING), teams),
            *strict_webhooks("mutating", await cluster.list(MUTATING), teams),
        ]
        services = sorted({each.service for each in strict if each.service})
        slices = await asyncio.gather(*(_slices(cluster, each) for each in services))
        ready = {s for s, found in zip(services, slices, strict=True) if has_endpoint(found)}
        return judge_webhooks(strict, ready)


def strict_webhooks(
    word: str, configurations: Iterable[Manifest], namespaces: Sequence[Mapping[str, str]]
) -> list[Webhook]:
    """Return the webhooks whose failure refuses. namespaces: the labels of the teams' ones.

    word says of which kind they are: objects of a list do not.

    Source of the fields: https://kubernetes.io/docs/reference/access-authn-authz/
    extensible-admission-controllers/
    """
    return [
        Webhook(
            name=f"{webhook['name']} ({word}, in {name_of(configuration)})",
            service=_service(webhook["clientConfig"]),
            concerns_sessions=_is_asked_about_sessions(webhook, namespaces),
        )
        for configuration in configurations
        for webhook in configuration.get("webhooks") or ()
        if webhook.get("failurePolicy", "Fail") == "Fail"
    ]


def has_endpoint(slices: Iterable[Manifest]) -> bool:
    """Return whether a Service has an endpoint that is ready. One that does not say so is.

    Source: the field conditions.ready of discovery.k8s.io/v1 EndpointSlice.
    """
    return any(
        (endpoint.get("conditions") or {}).get("ready") is not False
        for each in slices
        for endpoint in each.get("endpoints") or ()
    )


def judge_webhooks(strict: Iterable[Webhook], ready: set[Service]) -> list[Finding]:
    """Judge webhooks by the services that have an endpoint."""
    findings, answering = [], 0
    for each in strict:
        if each.service is None:
            if each.concerns_sessions:
                findings.append(
                    unknown(
                        f"Sessions start only if webhook {each.name} answers, which is outside the "
                        "cluster.",
                        "Ask whoever runs it how it is monitored.",
                    )
                )
        elif each.service in ready:
            answering += 1
        else:
            findings.append(_unanswered(each, "/".join(each.service)))
    if answering or not findings:
        findings.insert(0, good(_answer(answering)))
    return findings


def _answer(count: int) -> str:
    if count == 0:
        return "No webhook must answer for a session to start."
    return f"{counted(count, 'strict webhook')} with ready endpoints."


def _unanswered(webhook: Webhook, service: str) -> Finding:
    advice = (
        f"Repair the pods behind the Service {service}, or delete the configuration if what it "
        "belongs to is gone."
    )
    found = f"Nothing answers for webhook {webhook.name}: Service {service} has no ready endpoint"
    if webhook.concerns_sessions:
        return fault(f"{found}, so the API server refuses sessions.", advice)
    return warning(f"{found}. It is not asked about sessions.", advice)


def _is_asked_about_sessions(webhook: Manifest, namespaces: Sequence[Mapping[str, str]]) -> bool:
    rules = webhook.get("rules") or ()
    selector = webhook.get("namespaceSelector") or {}
    return any(_creates_ours(rule) for rule in rules) and any(
        selects(selector, labels) for labels in namespaces
    )


def _creates_ours(rule: Mapping[str, Any]) -> bool:
    groups, operations = set(rule.get("apiGroups") or ()), set(rule.get("operations") or ())
    resources = set(rule.get("resources") or ())
    return (
        not groups.isdisjoint({"", "*"})
        and not operations.isdisjoint({"CREATE", "*"})
        and not resources.isdisjoint(_OURS | {"*", "*/*"})
    )


def _service(client: Mapping[str, Any]) -> Service | None:
    service = client.get("service")
    return (service["namespace"], service["name"]) if service else None


async def _slices(cluster: Cluster, service: Service) -> list[Manifest]:
    namespace, name = service
    return await cluster.list(ENDPOINT_SLICES, namespace, f"{_SERVICE}={name}")

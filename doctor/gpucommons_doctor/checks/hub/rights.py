"""Whether the hub's account may do what the hub does."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from gpucommons_contract import GRANTS_NAMESPACE, NOTICES_NAMESPACE
from gpucommons_contract.formats.wording import counted, first_of
from gpucommons_people.clients.api_answers import ForbiddenError
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import Manifest

from gpucommons_doctor.check import Check
from gpucommons_doctor.finding import Finding, fault, good, unknown
from gpucommons_doctor.kubernetes import name_of
from gpucommons_doctor.team_namespaces import no_team, team_namespaces

HUB = "system:serviceaccount:gpucommons:hub"
"""The account of cluster/base/service-accounts.yaml, as the API server calls it."""
_GROUPS = (
    "system:serviceaccounts",
    "system:serviceaccounts:gpucommons",
    "system:authenticated",
)
"""Source: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/"""
_AT_ONCE = 16
"""Questions on their way at a time."""
_MOST_NAMES = 4


@dataclass(frozen=True, slots=True)
class Right:
    """Verbs on one kind. resource may name a part of it, as ``localqueues/pendingworkloads``."""

    group: str
    resource: str
    verbs: tuple[str, ...]


EVERYWHERE = tuple(
    Right("", each, ("list", "watch")) for each in ("nodes", "pods", "namespaces", "events")
)
"""ClusterRole gpucommons-availability, but for Kueue."""
EVERYWHERE_WITH_QUEUE = (Right("kueue.x-k8s.io", "workloadpriorityclasses", ("get",)),)
"""The rest of it."""
IN_TEAMS = (
    Right("", "pods", ("get", "create", "delete")),
    Right("", "persistentvolumeclaims", ("get", "list", "create", "patch")),
)
"""ClusterRole gpucommons-sessions, but for Kueue."""
IN_TEAMS_WITH_QUEUE = (
    Right("visibility.kueue.x-k8s.io", "localqueues/pendingworkloads", ("get",)),
    Right("kueue.x-k8s.io", "workloads", ("list",)),
)
"""The rest of it."""
GRANTS = (Right("", "configmaps", ("list", "watch", "create")),)
"""Role gpucommons-hub in the namespace of quota grants."""
NOTICES = (Right("", "configmaps", ("list", "watch", "create", "update", "delete")),)
"""Role gpucommons-hub in the namespace of notices."""


@dataclass(frozen=True, slots=True)
class Question:
    """Whether the hub may do one thing. namespace is empty for the whole cluster."""

    verb: str
    right: Right
    namespace: str

    def __str__(self) -> str:
        resource = f"{self.right.resource}.{self.right.group}".rstrip(".")
        return f"{self.verb} {resource}{f' in {self.namespace}' if self.namespace else ''}"

    def attributes(self) -> Manifest:
        """Turn into what a review asks.

        Source: https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/
        """
        resource, _, part = self.right.resource.partition("/")
        named = {"group": self.right.group, "resource": resource, "subresource": part}
        return {"verb": self.verb, "namespace": self.namespace, **named}


class HubRights(Check):
    """Asks the API server about each right of the hub, in its name."""

    name: ClassVar[str] = "rights"
    question: ClassVar[str] = "May the hub's account do all that the hub does?"

    def __init__(self, queue: str) -> None:
        """queue: the LocalQueue in each team's namespace; empty without Kueue."""
        self._queue = queue

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Ask about the cluster and about every team's namespace."""
        teams = [name_of(each) for each in await team_namespaces(cluster)]
        asked = questions(teams, queued=bool(self._queue))
        try:
            answers = await _answers(cluster, asked)
        except ForbiddenError as error:
            return [
                unknown(
                    f"We may not ask what {HUB} may do: {error.reason}",
                    "Use a kubeconfig of a cluster administrator (create subjectaccessreviews), or "
                    "of the hub's own account.",
                )
            ]
        return [*judge_answers(asked, answers), *([] if teams else [no_team()])]


def questions(teams: Iterable[str], *, queued: bool) -> list[Question]:
    """List what the hub must be allowed, given the namespaces of teams."""
    in_teams = IN_TEAMS + (IN_TEAMS_WITH_QUEUE if queued else ())
    everywhere = EVERYWHERE + (EVERYWHERE_WITH_QUEUE if queued else ())
    places: list[tuple[str, Sequence[Right]]] = [
        ("", everywhere),
        (GRANTS_NAMESPACE, GRANTS),
        (NOTICES_NAMESPACE, NOTICES),
        *((team, in_teams) for team in teams),
    ]
    return [
        Question(verb, right, namespace)
        for namespace, rights in places
        for right in rights
        for verb in right.verbs
    ]


def judge_answers(asked: Sequence[Question], answers: Sequence[Manifest]) -> list[Finding]:
    """Judge what the API server answered to each question."""
    denied: list[str] = []
    unclear: list[str] = []
    for question, answer in zip(asked, answers, strict=True):
        status = answer.get("status") or {}
        if status.get("allowed"):
            continue
        (unclear if status.get("evaluationError") else denied).append(str(question))
    findings = []
    if denied:
        findings.append(
            fault(
                f"The hub may not: {first_of(denied, _MOST_NAMES)}.",
                "kubectl apply -k cluster/base, and `gpucommons team apply` for the teams: these "
                "give the rights.",
            )
        )
    if unclear:
        findings.append(
            unknown(
                f"The API server could not say whether the hub may: "
                f"{first_of(unclear, _MOST_NAMES)}.",
                "Look at the authorizers of the API server, such as a webhook.",
            )
        )
    return findings or [good(f"The hub has {counted(len(asked), 'right')} that it needs.")]


async def _answers(cluster: Cluster, asked: Sequence[Question]) -> list[Manifest]:
    """Ask in the hub's name, or as the hub where that is who we are."""
    me = await cluster.create(_review("SelfSubjectReview", "authentication.k8s.io/v1"))
    is_hub = ((me.get("status") or {}).get("userInfo") or {}).get("username") == HUB
    kind = "SelfSubjectAccessReview" if is_hub else "SubjectAccessReview"
    whose = {} if is_hub else {"user": HUB, "groups": list(_GROUPS)}
    turn = asyncio.Semaphore(_AT_ONCE)

    async def ask(question: Question) -> Manifest:
        spec = {"resourceAttributes": question.attributes(), **whose}
        async with turn:
            return await cluster.create(_review(kind, "authorization.k8s.io/v1", spec))

    first = await ask(asked[0])  # whoever may not ask is refused once
    return [first, *await asyncio.gather(*(ask(each) for each in asked[1:]))]


def _review(kind: str, api: str, spec: Manifest | None = None) -> Manifest:
    return {"apiVersion": api, "kind": kind, "metadata": {}, **({"spec": spec} if spec else {})}

"""Whether sessions that wait in Kueue's queue could ever leave it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

from gpucommons_contract import amount
from gpucommons_contract.formats.wording import first_of
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import KINDS, Manifest
from gpucommons_spawner.catalogue import Size

from gpucommons_doctor.check import Check, or_unknown
from gpucommons_doctor.finding import Finding, fault, good, warning
from gpucommons_doctor.kubernetes import (
    CLUSTER_QUEUES,
    PENDING_WORKLOADS,
    condition_of,
    is_true,
    name_of,
    spec_of,
)
from gpucommons_doctor.team_namespaces import no_team, team_namespaces, team_of

_LOCAL_QUEUES = KINDS["LocalQueue"]
_MOST_NAMES = 5

TeamQueues = Mapping[str, Manifest | None]
"""The LocalQueue of each team, None where it has none."""


class Queue(Check):
    """Looks at Kueue, the teams' queues, and what they lead to."""

    name: ClassVar[str] = "queue"
    question: ClassVar[str] = "Does every team have a queue that covers the GPUs of all sizes?"

    def __init__(self, sizes: Mapping[str, Size], queue: str) -> None:
        """queue: name of the LocalQueue in each team's namespace; empty without Kueue."""
        self._sizes, self._queue = sizes, queue

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at the queues, if the hub uses any."""
        if not self._queue:
            return [good("The hub is set to no queue (GPUSpawner.queue).")]
        unserved = [
            each for each in (_LOCAL_QUEUES, CLUSTER_QUEUES) if not await cluster.serves(each)
        ]
        if unserved:
            return [
                fault(
                    f"The cluster does not serve {unserved[0].plural} of {unserved[0].api}.",
                    "Install Kueue 0.18 or later, or set GPUSpawner.queue to nothing.",
                )
            ]
        teams = {
            team_of(each): await cluster.get(_LOCAL_QUEUES, self._queue, name_of(each))
            for each in await team_namespaces(cluster)
        }
        queues = {name_of(each): each for each in await cluster.list(CLUSTER_QUEUES)}
        return [
            *judge_team_queues(self._queue, teams, queues),
            *judge_coverage(self._sizes, leads_to(teams, queues)),
            *await or_unknown(self._places(cluster)),
        ]

    @staticmethod
    async def _places(cluster: Cluster) -> list[Finding]:
        """Look whether Kueue says how many are ahead. What answers is Kueue, not the API server."""
        return [] if await cluster.serves(PENDING_WORKLOADS) else [_no_places()]


def leads_to(teams: TeamQueues, queues: Mapping[str, Manifest]) -> list[Manifest]:
    """Return the ClusterQueues that the teams' queues lead to."""
    names = {spec_of(each).get("clusterQueue", "") for each in teams.values() if each}
    return [queues[name] for name in sorted(names) if name in queues]


def judge_team_queues(
    queue: str, teams: TeamQueues, queues: Mapping[str, Manifest]
) -> list[Finding]:
    """Judge whether every team has the queue, and it leads somewhere."""
    if not teams:
        return [no_team()]
    lacking = sorted(team for team, each in teams.items() if each is None)
    astray = [
        f"{team} ({spec_of(each).get('clusterQueue')})"
        for team, each in sorted(teams.items())
        if each and spec_of(each).get("clusterQueue") not in queues
    ]
    held = [
        team
        for team, each in sorted(teams.items())
        if each and spec_of(each).get("stopPolicy", "None") != "None"
    ]
    findings = []
    if lacking:
        findings.append(
            fault(
                f"Teams without the LocalQueue {queue}: {first_of(lacking, _MOST_NAMES)}.",
                "Run `gpucommons team apply` for them: it makes the queue where Kueue is there.",
            )
        )
    if astray:
        findings.append(
            fault(
                "LocalQueues that lead to a ClusterQueue that does not exist: "
                f"{first_of(astray, _MOST_NAMES)}.",
                f"Make it. ClusterQueues: {', '.join(sorted(queues)) or 'none'}.",
            )
        )
    if held:
        findings.append(
            fault(
                f"LocalQueues that are stopped: {first_of(held, _MOST_NAMES)}.",
                "Set stopPolicy: None once sessions may start again.",
            )
        )
    return findings or [good(f"Every team has the LocalQueue {queue}.")]


def judge_coverage(sizes: Mapping[str, Size], queues: Sequence[Manifest]) -> list[Finding]:
    """Judge whether ClusterQueues are active and have all that one session of each size asks."""
    findings = []
    for queue in queues:
        name = name_of(queue)
        if not is_true(active := condition_of(queue, "Active")):
            why = (active or {}).get("message") or "Kueue says nothing of it"
            findings.append(
                fault(
                    f"The ClusterQueue {name} admits nothing: {why}.",
                    "Look at its flavours, at its stopPolicy, and at Kueue's controller.",
                )
            )
        findings += _uncovered(sizes, name, quotas_of(queue))
    return findings or ([good("The ClusterQueues cover the GPUs of all sizes.")] if queues else [])


def quotas_of(queue: Manifest) -> dict[str, Decimal]:
    """Return the most of each resource that one flavour of a ClusterQueue has."""
    most: dict[str, Decimal] = {}
    for group in spec_of(queue).get("resourceGroups") or ():
        for flavor in group["flavors"]:
            for resource in flavor["resources"]:
                quota = amount(resource["nominalQuota"])
                most[resource["name"]] = max(quota, most.get(resource["name"], Decimal(0)))
    return most


def _uncovered(
    sizes: Mapping[str, Size], queue: str, quotas: Mapping[str, Decimal]
) -> list[Finding]:
    findings = []
    missing: dict[str, list[str]] = {}
    for name, size in sizes.items():
        for resource, count in size.gpu_fields().limits.items():
            if resource not in quotas:
                missing.setdefault(resource, []).append(name)
            elif amount(count) > quotas[resource]:
                findings.append(
                    warning(
                        f"Size {name} asks for {count} {resource}; no flavour of the ClusterQueue "
                        f"{queue} has more than {quotas[resource]}.",
                        "Raise nominalQuota, or lower the size. With a cohort, it may borrow.",
                    )
                )
    findings += [
        fault(
            f"The ClusterQueue {queue} does not cover {resource}, so Kueue never admits: "
            f"{', '.join(names)}.",
            f"Add {resource} to its coveredResources, with how many there are.",
        )
        for resource, names in missing.items()
    ]
    return findings


def _no_places() -> Finding:
    return warning(
        f"The cluster does not serve {PENDING_WORKLOADS.api}: people who wait do not see how many "
        "are ahead.",
        "Install the visibility API of Kueue's manifests (an APIService and its Service).",
    )

"""Whether what may take snapshots is held to that, and reaches the store."""

from collections.abc import Collection, Iterable, Sequence
from typing import ClassVar

from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import Manifest

from gpucommons_doctor.check import Check
from gpucommons_doctor.checks.snapshots.claims import CONTROLLER, STORE, not_set_up, program
from gpucommons_doctor.finding import Finding, fault, good
from gpucommons_doctor.kubernetes import (
    ADMISSION_BINDINGS,
    ADMISSION_POLICIES,
    NETWORK_POLICIES,
    name_of,
    spec_of,
)
from gpucommons_doctor.team_namespaces import team_namespaces, team_of

NEEDED = ("gpucommons-backup-claims", "gpucommons-backup-pods", "gpucommons-backup-secrets")
"""ValidatingAdmissionPolicies of cluster/backup, and their bindings."""
_TO_STORE = "snapshots-to-store"
"""NetworkPolicy in each team's namespace: people/gpucommons_people/team_base."""


class SnapshotPolicies(Check):
    """Looks at admission policies, and at the network policies of teams."""

    name: ClassVar[str] = "snapshot-policies"
    question: ClassVar[str] = (
        "Is the controller of snapshots held to its own pods, and do these reach the store?"
    )

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at the policies, where there is a controller."""
        if await program(cluster, CONTROLLER) is None:
            return [not_set_up()]
        findings = judge_admission(
            await cluster.list(ADMISSION_POLICIES), await cluster.list(ADMISSION_BINDINGS)
        )
        if await program(cluster, STORE):
            teams = await team_namespaces(cluster)
            findings += judge_ways(teams, await cluster.list(NETWORK_POLICIES))
        return findings or [good("The policies of the snapshots are in force.")]


def judge_admission(policies: Iterable[Manifest], bindings: Iterable[Manifest]) -> list[Finding]:
    """Judge whether each policy is there, and refuses."""
    there = {name_of(each) for each in policies if spec_of(each).get("failurePolicy") == "Fail"}
    bound = {
        spec_of(each)["policyName"]
        for each in bindings
        if "Deny" in (spec_of(each).get("validationActions") or ())
    }
    lacking = [each for each in NEEDED if each not in there & bound]
    if not lacking:
        return []
    return [
        fault(
            "The account of the controller of snapshots may do more than take them: not in force "
            f"{'is' if len(lacking) == 1 else 'are'} {', '.join(lacking)}.",
            "kubectl apply --server-side -k cluster/backup, or installation/backup.",
        )
    ]


def judge_ways(teams: Sequence[Manifest], policies: Collection[Manifest]) -> list[Finding]:
    """Judge whether pods of snapshots in each team's namespace are let to the store."""
    let = {each["metadata"]["namespace"] for each in policies if name_of(each) == _TO_STORE}
    lacking = sorted(team_of(each) for each in teams if name_of(each) not in let)
    if not lacking:
        return []
    return [
        fault(
            f"Snapshots of {', '.join(lacking)} cannot reach the store: there is no NetworkPolicy "
            f"{_TO_STORE}.",
            "Bring teams up to date: gpucommons team add NAME, or team apply.",
        )
    ]

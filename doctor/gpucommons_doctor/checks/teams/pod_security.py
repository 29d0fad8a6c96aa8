"""Whether the namespaces of teams let no session run as root, and are what their label says."""

from collections.abc import Iterable
from typing import ClassVar

from gpucommons_contract import Label, team_namespace
from gpucommons_contract.formats.wording import counted, first_of
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import Manifest

from gpucommons_doctor.check import Check
from gpucommons_doctor.finding import Finding, fault, good
from gpucommons_doctor.kubernetes import labels_of, name_of
from gpucommons_doctor.team_namespaces import no_team, team_namespaces, team_of

ENFORCE = "pod-security.kubernetes.io/enforce"
"""Source: https://kubernetes.io/docs/concepts/security/pod-security-admission/"""
_DEMANDED = "restricted"
_MOST_NAMES = 5


class PodSecurity(Check):
    """Looks at the labels of teams' namespaces."""

    name: ClassVar[str] = "pod-security"
    question: ClassVar[str] = "Do the teams' namespaces enforce Pod Security?"

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at all namespaces of teams."""
        return judge_namespaces(await team_namespaces(cluster))


def judge_namespaces(namespaces: Iterable[Manifest]) -> list[Finding]:
    """Judge the labels of teams' namespaces."""
    loose, misnamed, well = [], [], 0
    for each in namespaces:
        enforced = labels_of(each).get(ENFORCE, "nothing")
        if name_of(each) != team_namespace(team_of(each)):
            misnamed.append(f"{name_of(each)} (says {team_of(each) or 'nothing'})")
        elif enforced != _DEMANDED:
            loose.append(f"{name_of(each)} (enforces {enforced})")
        else:
            well += 1
    there = f"{counted(well, 'namespace')} of teams"
    findings = [good(f"{_DEMANDED.title()} is enforced in {there}.")] if well else []
    if loose:
        findings.append(
            fault(
                f"Sessions could run as root or reach the node: {first_of(loose, _MOST_NAMES)}.",
                f"kubectl label --overwrite namespace NAMESPACE {ENFORCE}={_DEMANDED}, or "
                "`gpucommons team apply` for these teams.",
            )
        )
    if misnamed:
        findings.append(
            fault(
                f"The label {Label.TEAM} does not go with the namespace's name: "
                f"{first_of(misnamed, _MOST_NAMES)}.",
                f"The namespace of a team is called {team_namespace('TEAM')}, and its label has "
                "the value TEAM. Take the label off, or make the team with `gpucommons team add`.",
            )
        )
    return findings or [no_team()]

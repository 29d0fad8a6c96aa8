"""The namespaces of teams, which the checks of teams look at one by one."""

from collections.abc import Set

from gpucommons_contract import Label
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import NAMESPACES, Manifest
from gpucommons_spawner.catalogue import Size

from gpucommons_doctor.finding import Finding, warning
from gpucommons_doctor.kubernetes import labels_of


async def team_namespaces(cluster: Cluster) -> list[Manifest]:
    """Return what the hub takes for namespaces of teams: those with the label."""
    found = await cluster.list(NAMESPACES, label=str(Label.TEAM))
    return [each for each in found if each.get("status", {}).get("phase") != "Terminating"]


def team_of(namespace: Manifest) -> str:
    """Return the team that a namespace says it is of."""
    return labels_of(namespace)[str(Label.TEAM)]


def no_team() -> Finding:
    """Say that there is nothing to judge yet."""
    return warning(
        "There is no team yet, so its objects could not be checked.",
        "Make one with `gpucommons team add NAME`, and look again.",
    )


def may_have(size: Size, team: str, teams: Set[str]) -> bool:
    """Return whether a session of a team may have a size, for some member at least.

    teams: all of them. Other names in ``access`` are groups, whose members are in any team.
    """
    return size.access is None or team in size.access or not set(size.access) <= teams

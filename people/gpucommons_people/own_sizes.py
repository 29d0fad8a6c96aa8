"""People's own workspace sizes: looked up, kept and forgotten.

They are an annotation of the team's namespace that is never applied with the others: it is merged,
so that one person's size can go without the rest of the team's objects.
"""

from collections.abc import Mapping

from gpucommons_contract import (
    Annotation,
    WorkspaceSizes,
    own_sizes_written,
    read_workspace_sizes,
    team_namespace,
)

from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import NAMESPACES, Manifest
from gpucommons_people.installation import Installation


def sizes_in(namespace: Manifest) -> WorkspaceSizes:
    """Return a team's sizes; none where they cannot be read, as the hub takes them then."""
    try:
        return read_workspace_sizes(namespace["metadata"].get("annotations") or {})
    except ValueError:
        return WorkspaceSizes()


async def keep_own_sizes(cluster: Cluster, team: str, people: Mapping[str, str]) -> None:
    """Let these be all own sizes in a team."""
    annotations = {str(Annotation.WORKSPACE_SIZES): own_sizes_written(people)}
    patch = {"metadata": {"annotations": annotations}}
    await cluster.merge(NAMESPACES, team_namespace(team), None, patch)


async def own_sizes_of(installation: Installation, user: str) -> dict[str, str]:
    """Return somebody's own sizes, by team."""
    found = {
        team: sizes_in(namespace).people for team, namespace in await installation.teams_found()
    }
    return {team: people[user] for team, people in found.items() if user in people}


async def forget_own_size(installation: Installation, user: str, team: str) -> None:
    """Let somebody have the team's size again; nothing to do where the team is gone."""
    namespace = await installation.cluster.get(NAMESPACES, team_namespace(team))
    if namespace is None:
        return
    people = dict(sizes_in(namespace).people)
    if people.pop(user, None):
        await keep_own_sizes(installation.cluster, team, people)

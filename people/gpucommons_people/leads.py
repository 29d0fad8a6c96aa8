"""Leads of teams: looked up, kept and forgotten.

It is an annotation of the team's namespace that is never applied with the others: it is merged, so
that it stays when the team is changed, and goes with the team.
"""

from collections.abc import Mapping

from gpucommons_contract import Annotation, leads_written, read_leads, team_namespace

from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import NAMESPACES, Manifest
from gpucommons_people.errors import PeopleError
from gpucommons_people.installation import Installation


def leads_in(namespace: Manifest) -> dict[str, str]:
    """Return a team's leads, each with the beginning of the account; raises PeopleError."""
    metadata = namespace["metadata"]
    try:
        return read_leads(metadata.get("annotations") or {})
    except ValueError as error:
        raise PeopleError(
            f"Nobody can be made lead before this is put right: {error}. To begin anew: kubectl "
            f"annotate namespace {metadata['name']} {Annotation.LEADS}-"
        ) from error


async def keep_leads(cluster: Cluster, team: str, leads: Mapping[str, str]) -> None:
    """Let these be all leads of a team."""
    patch = {"metadata": {"annotations": {str(Annotation.LEADS): leads_written(leads)}}}
    await cluster.merge(NAMESPACES, team_namespace(team), None, patch)


async def teams_led(installation: Installation, user: str) -> tuple[str, ...]:
    """Return the teams that somebody leads; of those whose leads cannot be read none."""
    found = []
    for team, namespace in await installation.teams_found():
        try:
            found += [team] if user in leads_in(namespace) else []
        except PeopleError:  # then accounting takes nobody for its lead
            continue
    return tuple(found)


async def forget_lead(installation: Installation, user: str, team: str) -> None:
    """Let somebody lead a team no more; nothing to do where the team is gone."""
    namespace = await installation.cluster.get(NAMESPACES, team_namespace(team))
    if namespace is None:
        return
    leads = leads_in(namespace)
    if leads.pop(user, None) is not None:
        await keep_leads(installation.cluster, team, leads)

"""Who leads a team: made, ended and listed."""

from collections.abc import Mapping

from gpucommons_contract import team_namespace

from gpucommons_people.change import Change
from gpucommons_people.clients.kinds import NAMESPACES
from gpucommons_people.errors import NotThereError
from gpucommons_people.installation import Installation
from gpucommons_people.leads import keep_leads, leads_in
from gpucommons_people.names import user_name
from gpucommons_people.teams.teams import find_team


async def list_leads(installation: Installation, name: str) -> dict[str, str]:
    """Return who leads a team, and since when each has the account; NotThereError without one."""
    team = (await find_team(installation, name)).name
    namespace = await installation.cluster.get(NAMESPACES, team_namespace(team))
    return leads_in(namespace) if namespace else {}


async def make_lead(
    installation: Installation, name: str, email: str, *, dry_run: bool = False
) -> Change:
    """Let somebody see what a team used. Who gets that name later is not meant."""
    user, leads = user_name(email), await list_leads(installation, name)
    known = await installation.hub_needed().user(user)
    since = known.since if known else ""
    left = () if known else (f"The hub does not know {user} yet: who first has that name leads.",)
    steps = () if leads.get(user) == since else (f"Let {user} lead team {name}.",)
    change = Change("make lead", user, steps, left, dry_run, {"team": name, "since": since})
    return await _carried_out(installation, change, name, leads | {user: since})


async def end_lead(
    installation: Installation, name: str, email: str, *, dry_run: bool = False
) -> Change:
    """Let somebody see what a team used no more. Raises NotThereError if they do not lead it."""
    user, leads = user_name(email), await list_leads(installation, name)
    if leads.pop(user, None) is None:
        others = ", ".join(sorted(leads)) or "nobody"
        raise NotThereError(f"{user} does not lead team {name}. Led by: {others}.")
    step = f"Let {user} lead team {name} no more."
    change = Change("end lead", user, (step,), (), dry_run, {"team": name})
    return await _carried_out(installation, change, name, leads)


async def _carried_out(
    installation: Installation, change: Change, team: str, leads: Mapping[str, str]
) -> Change:
    if change.changed and not change.dry_run:
        installation.audit.check()
        installation.audit.write(change.action, change.subject, change.data)
        await keep_leads(installation.cluster, team, leads)
    return change

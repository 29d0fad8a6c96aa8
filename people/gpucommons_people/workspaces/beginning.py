"""Letting somebody begin with an empty workspace, although snapshots of a deleted one are kept."""

from functools import partial

from gpucommons_contract import Annotation

from gpucommons_people.change import Change
from gpucommons_people.clients.kinds import CLAIMS
from gpucommons_people.errors import NotThereError, PeopleError
from gpucommons_people.installation import Installation
from gpucommons_people.names import team_name, user_name
from gpucommons_people.workspaces.restoration import checked_reason


async def begin_empty(
    installation: Installation, email: str, team: str, *, reason: str, dry_run: bool = False
) -> Change:
    """Let sessions start with a workspace as it is, though it was made in place of a deleted one.

    Raises NotThereError where nothing is waited for, and PeopleError while it is put back.
    """
    user, team, reason = user_name(email), team_name(team), checked_reason(reason)
    lacking = partial(_lacking, user, team)
    workspace = await installation.workspaces.of_in(user, team, lacking)
    claim = await installation.cluster.get(CLAIMS, workspace.name, workspace.namespace)
    notes = dict((claim or {"metadata": {}})["metadata"].get("annotations") or {})
    repository = notes.get(Annotation.SNAPSHOT_TO_PUT_BACK)
    if not repository:
        raise NotThereError(
            f"The workspace of {user} in team {team} waits for nothing that was lost: sessions "
            "start with it."
        )
    if Annotation.RESTORE_REQUEST in notes:
        raise PeopleError(
            f"Files are being put back into it. Wait for that, or cancel it first: gpucommons "
            f"backup cancel {user} --team {team}"
        )
    step = f"Let sessions of {user} in team {team} begin with an empty workspace."
    left = (
        f"Snapshots of the one before stay. Its files can be put back later: gpucommons backup "
        f"restore {user} --team {team} --from {repository} --reason REASON",
    )
    data: dict[str, object] = {"workspace": workspace.as_json(), "repository": repository}
    change = Change("begin with an empty workspace", user, (step,), left, dry_run, data)
    if not dry_run:
        installation.audit.check()
        details = {"team": team, "repository": repository, "reason": reason}
        installation.audit.write("begin with an empty workspace", user, details)
        patch = {"metadata": {"annotations": {Annotation.SNAPSHOT_TO_PUT_BACK: None}}}
        await installation.cluster.merge(CLAIMS, workspace.name, workspace.namespace, patch)
    return change


def _lacking(user: str, team: str, others: str) -> str:
    return (
        f"{user} has no workspace in team {team}; one is made at the first start of a session "
        f"there.{others}"
    )

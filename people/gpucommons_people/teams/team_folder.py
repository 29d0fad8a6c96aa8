"""The folder that a team's sessions share: its claim is made, grown, and deleted on its own."""

from gpucommons_contract import (
    TEAM_FOLDER_CLAIM,
    TEAM_FOLDER_COMPONENT,
    Label,
    amount,
    team_namespace,
)

from gpucommons_people import last_snapshot
from gpucommons_people.change import Change
from gpucommons_people.clients.api_answers import ForbiddenError
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import CLAIMS, STORAGE_CLASSES, Manifest
from gpucommons_people.clients.workspaces import in_use
from gpucommons_people.errors import InputError, NotThereError, PeopleError
from gpucommons_people.installation import Installation
from gpucommons_people.teams.team import Team

_BY_MANY = "ReadWriteMany"


async def folder_claim(installation: Installation, team: Team) -> Manifest:
    """Return the claim of a team's folder as it is to be. Nothing is changed.

    Raises PeopleError where there is another claim that cannot become so.
    """
    there = await _claim(installation.cluster, team.name)
    wanted = team.team_folder_class
    if there is None:
        modes: list[str] = [_BY_MANY]
        of_class = wanted or installation.configuration.team_folder_class
        if of_class and await installation.cluster.get(STORAGE_CLASSES, of_class) is None:
            raise InputError(
                f"There is no storage class {of_class} for the folder of team {team.name}. Name "
                "one whose volumes several nodes can use at once (--team-folder-class)."
            )
    else:
        _check_kind(there, team.name)
        modes, of_class = there["spec"]["accessModes"], there["spec"].get("storageClassName")
        if wanted and wanted != of_class:
            raise InputError(
                f"The folder of team {team.name} has the storage class {of_class or '(none)'}, and "
                "Kubernetes cannot change that. Leave --team-folder-class as it was; or copy the "
                "files, delete the folder (gpucommons team delete-folder), and make it anew."
            )
        await _check_size(installation.cluster, there, team)
    spec: Manifest = {
        "accessModes": modes,
        "resources": {"requests": {"storage": team.team_folder}},
    }
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": TEAM_FOLDER_CLAIM,
            "namespace": team_namespace(team.name),
            "labels": {
                "component": TEAM_FOLDER_COMPONENT,
                "app.kubernetes.io/part-of": "gpu-commons",
                str(Label.TEAM): team.name,
            },
        },
        "spec": spec if of_class is None else spec | {"storageClassName": of_class},
    }


def kept_files(team: str) -> str:
    """Say what becomes of the files of a folder that sessions no longer have."""
    return (
        f"Sessions of team {team} that start from now on do not have the team folder. Its files "
        "stay, and count as storage. Sessions have them again with --team-folder and its size; to "
        f"delete them: gpucommons team delete-folder {team}"
    )


async def delete_folder(
    installation: Installation, team: Team, *, without_snapshot: bool = False, dry_run: bool = False
) -> Change:
    """Delete the folder with all files. Refused while sessions get it, or have it.

    A last snapshot is waited for first, where snapshots are taken, unless without_snapshot.
    """
    namespace = team_namespace(team.name)
    folder = await installation.workspaces.folder_of(team.name, namespace)
    if folder is None:
        raise NotThereError(f"Team {team.name} has no folder.")
    if team.team_folder:
        raise PeopleError(
            f"Sessions of team {team.name} still get the team folder. First give: "
            f"gpucommons team add {team.name} --team-folder none"
        )
    sessions = await installation.workspaces.sessions_of_team(team.name, namespace)
    if used := in_use(folder, sessions):
        raise PeopleError(
            f"The folder of team {team.name} is in use. Stop these sessions first:",
            tuple(f"{each}" for each in used),
        )
    if not dry_run:
        installation.audit.check()
        if not without_snapshot:
            await last_snapshot.demand(installation, [folder])
        installation.audit.write("delete team folder", team.name, folder.as_json())
        await installation.workspaces.delete(folder)
    steps = (f"Delete the folder of team {team.name}, {folder.size}, with all files.",)
    left = (
        ("Snapshots that were taken of it stay in the store.",) if folder.snapshot.last_good else ()
    )
    return Change("delete team folder", team.name, steps, left, dry_run, folder.as_json())


async def _claim(cluster: Cluster, team: str) -> Manifest | None:
    """Return the claim; None where it may not be read, as in a team that is yet to be made."""
    try:
        return await cluster.get(CLAIMS, TEAM_FOLDER_CLAIM, team_namespace(team))
    except ForbiddenError:
        return None


def _check_kind(claim: Manifest, team: str) -> None:
    metadata = claim["metadata"]
    where = f"The claim {TEAM_FOLDER_CLAIM} in {metadata['namespace']}"
    if "deletionTimestamp" in metadata:
        raise PeopleError(f"{where} is still being deleted. Try again in a minute.")
    if (metadata.get("labels") or {}).get("component") != TEAM_FOLDER_COMPONENT:
        raise PeopleError(
            f"{where} is none of GPU Commons. If it is meant to be the folder of team {team}, give "
            f"it the label component={TEAM_FOLDER_COMPONENT}."
        )
    if _BY_MANY not in claim["spec"]["accessModes"]:
        raise PeopleError(f"{where} is not {_BY_MANY}, so sessions cannot share it.")


async def _check_size(cluster: Cluster, claim: Manifest, team: Team) -> None:
    has = claim["spec"]["resources"]["requests"]["storage"]
    larger = amount(team.team_folder or "0") - amount(has)
    if larger < 0:
        raise InputError(
            f"The folder of team {team.name} has {has}, and a volume never shrinks. Give at least "
            f"that; {team.team_folder} is less."
        )
    if larger == 0:
        return
    if (claim.get("status") or {}).get("phase") != "Bound":
        raise PeopleError(
            f"The folder of team {team.name} has no volume yet, and Kubernetes grows none that is "
            "not there. Grow it once a session has started with it."
        )
    name = claim["spec"].get("storageClassName")
    found = await cluster.get(STORAGE_CLASSES, name) if name else None
    if not (found and found.get("allowVolumeExpansion")):
        raise PeopleError(
            f"The folder of team {team.name} stays at {has}: its storage class "
            f"{name or '(none)'} does not let volumes grow. If its driver can, set "
            f"allowVolumeExpansion: true there."
        )

"""A last snapshot before a workspace is deleted: it goes only once that is there and verified."""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from gpucommons_contract.workspaces.checks import CheckKind, CheckState

from gpucommons_people.checks import Key, OnProgress, answers, ask, key_of, named, uncopied
from gpucommons_people.clients.workspaces import Workspace
from gpucommons_people.errors import PeopleError
from gpucommons_people.installation import Installation

WAY_ON = "To delete it without a snapshot: --without-snapshot."


async def lacking(installation: Installation, workspaces: Iterable[Workspace]) -> list[Workspace]:
    """Return those that may not be deleted yet; none where the installation takes no snapshots.

    It takes some where any workspace has a repository.
    """
    found = [each for each in workspaces if not each.snapshot.has_last]
    if not found:
        return []
    every = [*found, *await installation.workspaces.all()]
    return found if any(each.snapshot.repository for each in every) else []


async def ask_for(installation: Installation, workspace: Workspace) -> None:
    """Ask for a last snapshot, which is taken once no session has the workspace."""
    await ask(installation, workspace, CheckKind.FINAL)


async def ask_ahead(installation: Installation, workspaces: Iterable[Workspace]) -> None:
    """Ask for those of workspaces that are kept for a while, so that they are there in time.

    One that cannot be asked for now is asked for when its workspace is due.
    """
    for each in await lacking(installation, workspaces):
        with suppress(PeopleError):
            await ask_for(installation, each)


async def take(
    installation: Installation, workspaces: Iterable[Workspace], on_progress: OnProgress
) -> Mapping[Key, str]:
    """Have last snapshots taken, and wait for them. Returns why those stay that have none."""
    asked = [(each, await ask(installation, each, CheckKind.FINAL)) for each in workspaces]
    if not asked:
        return {}
    found = await answers(installation, asked, on_progress)
    missed = {
        key_of(each): f"{named(each)} stays, as it has no last snapshot. {answer.says}"
        for each, _ in asked
        if (answer := found[key_of(each)]).state != CheckState.GOOD
    }
    kept = {key_of(each): each for each, _ in asked if key_of(each) not in missed}
    if not kept:
        return missed
    single = await uncopied(installation, list(kept.values()), on_progress)
    return missed | {
        key: f"{named(kept[key])} stays, as its last snapshot is in one store alone. {why}"
        for key, why in single.items()
    }


async def demand(
    installation: Installation,
    workspaces: Iterable[Workspace],
    on_progress: OnProgress = lambda _sentence: None,
) -> None:
    """Take those that are lacking. Raises PeopleError that names all workspaces without one."""
    missed = await take(installation, await lacking(installation, workspaces), on_progress)
    if missed:
        raise PeopleError(f"Nothing was deleted. {WAY_ON}", tuple(missed.values()))

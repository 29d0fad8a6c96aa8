"""Verifying what the store has of workspaces, and naming those that are damaged."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial

from gpucommons_contract import team_namespace
from gpucommons_contract.formats.wording import counted
from gpucommons_contract.workspaces.checks import (
    WHOLE,
    CheckKind,
    CheckRequest,
    CheckResult,
    CheckState,
    is_part,
)

from gpucommons_people.change import Change
from gpucommons_people.checks import BusyError, Key, OnProgress, answers, ask, key_of, named
from gpucommons_people.clients.workspaces import Workspace
from gpucommons_people.errors import InputError, NotThereError, PeopleError
from gpucommons_people.installation import Installation
from gpucommons_people.names import team_name, user_name

_PART_OF_ALL = "5%"


@dataclass(frozen=True, slots=True)
class Verification:
    """What to verify: somebody's workspace in a team, the team's folder, or all that there is."""

    user: str = ""
    team: str = ""
    """Empty for all."""
    part: str = WHOLE
    wait: bool = True


def verification(
    email: str, team: str, *, team_folder: bool, everything: bool, part: str = "", wait: bool = True
) -> Verification:
    """Read what was typed. Raises InputError that says what is wrong and how to write it."""
    if everything == bool(email or team_folder) or bool(email) + team_folder > 1:
        raise InputError("Give the user name of somebody, --team-folder, or --all.")
    if everything and team:
        raise InputError("--all is for all teams: leave --team out.")
    if not everything and not team:
        raise InputError("Give --team: which team's?")
    if part and not is_part(part):
        raise InputError(
            f"--part {part!r} is no part. Write a share from 1% to 100%, or one such as 3/20, the "
            "third twentieth."
        )
    return Verification(
        user=user_name(email) if email else "",
        team=team_name(team) if team else "",
        part=part or (_PART_OF_ALL if everything else WHOLE),
        wait=wait,
    )


async def verify(
    installation: Installation,
    what: Verification,
    *,
    dry_run: bool = False,
    on_progress: OnProgress = lambda _sentence: None,
) -> Change:
    """Have snapshots verified, and wait until they are. Raises PeopleError that names those hit."""
    those = await _workspaces(installation, what)
    which = named(those[0]) if what.team else f"{counted(len(those), 'workspace')} with snapshots"
    steps = (f"Verify the snapshots of {which}, reading {what.part} of what the store has.",)
    change = Change("verify snapshots", what.user or what.team or "all", steps, (), dry_run)
    if dry_run:
        return change
    installation.audit.check()
    details = {"part": what.part, "workspaces": len(those)}
    installation.audit.write("verify snapshots", change.subject, details)
    kind = CheckKind.VERIFY
    asked: list[tuple[Workspace, CheckRequest]] = []
    busy: list[str] = []
    for each in those:
        try:
            asked.append((each, await ask(installation, each, kind, part=what.part)))
        except BusyError as error:
            if what.team:
                raise
            busy.append(f"{error}")
    if not what.wait and not busy:
        left = "It is asked for. The same command waits until it is done."
        return replace(change, left=(left,))
    found = await answers(installation, asked, on_progress) if what.wait and asked else {}
    if problems := (*busy, *_problems(those, found)):
        raise PeopleError(
            f"Of {counted(len(those), 'workspace')}, the snapshots of {len(problems)} are damaged "
            "or could not be verified:",
            problems,
        )
    data = {"results": [asdict(each) for each in found.values()]}
    return replace(change, left=_not_compared(those, found), data=data)


async def _workspaces(installation: Installation, what: Verification) -> list[Workspace]:
    workspaces = installation.workspaces
    if not what.team:
        every = [*await workspaces.all(), *await workspaces.folders()]
        found = [each for each in every if each.snapshot.repository]
        if not found:
            raise NotThereError("No workspace has snapshots.")
        return found
    if what.user:
        return [await workspaces.of_in(what.user, what.team, partial(_lacking, what))]
    folder = await workspaces.folder_of(what.team, team_namespace(what.team))
    if folder is None:
        raise NotThereError(f"Team {what.team} has no folder.")
    return [folder]


def _lacking(what: Verification, others: str) -> str:
    return f"{what.user} has no workspace in team {what.team}.{others}"


def _problems(those: list[Workspace], found: Mapping[Key, CheckResult]) -> tuple[str, ...]:
    return tuple(
        f"{named(each)}: {'damaged: ' if answer.state == CheckState.DAMAGED else ''}{answer.says}"
        for each in those
        if (answer := found.get(key_of(each))) and answer.state != CheckState.GOOD
    )


def _not_compared(those: list[Workspace], found: Mapping[Key, CheckResult]) -> tuple[str, ...]:
    return tuple(
        f"The newest snapshot of {named(each)} could not be compared with what was there: its pod "
        "was ended before it had written the list."
        for each in those
        if found[key_of(each)].not_compared
    )

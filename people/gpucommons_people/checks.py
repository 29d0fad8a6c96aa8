"""Verifying snapshots, and last snapshots: asked for on claims, and followed.

The controller of the snapshots does it. These commands have no way into the store.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence

from gpucommons_contract import TEAM_FOLDER_OWNER, Annotation
from gpucommons_contract.workspaces.checks import (
    WHOLE,
    CheckKind,
    CheckRequest,
    CheckResult,
    CheckState,
)

from gpucommons_people.clients.kinds import CLAIMS
from gpucommons_people.clients.workspaces import Workspace
from gpucommons_people.errors import PeopleError
from gpucommons_people.installation import Installation

OnProgress = Callable[[str], None]
"""Called with a sentence whenever there is something new to say."""
Key = tuple[str, str]
"""Namespace and name of a claim."""

_PATIENCE_S = 120.0
"""Seconds until the controller must have answered that it knows of a request."""
_LOOK = (
    "Look whether the controller of the snapshots runs: kubectl -n gpucommons get deployment backup"
)
_POLL_S = 1.0
_POLL_MANY_S = 5.0


class BusyError(PeopleError):
    """Something else is asked for of a workspace's snapshots."""


def key_of(workspace: Workspace) -> Key:
    """Return what a workspace is known by."""
    return workspace.namespace, workspace.name


def named(workspace: Workspace) -> str:
    """Say whose a workspace is."""
    if workspace.owner == TEAM_FOLDER_OWNER:
        return f"the folder of team {workspace.team}"
    return f"the workspace of {workspace.owner} in team {workspace.team}"


async def ask(
    installation: Installation,
    workspace: Workspace,
    kind: CheckKind,
    *,
    part: str = WHOLE,
    reason: str = "",
) -> CheckRequest:
    """Ask for it, unless the same is asked for already. Raises BusyError if something else is."""
    pending = workspace.snapshot.check_asked
    if pending and pending.kind == kind:
        return pending
    if pending:
        raise BusyError(
            f"Of {named(workspace)} something else is being verified, asked for by "
            f"{pending.by or 'somebody'}. Give the command again once that is done."
        )
    request = CheckRequest(secrets.token_hex(6), kind, part, installation.audit.who, reason)
    patch = {"metadata": {"annotations": {Annotation.SNAPSHOT_CHECK_REQUEST: request.to_json()}}}
    await installation.cluster.merge(CLAIMS, workspace.name, workspace.namespace, patch)
    return request


async def answers(
    installation: Installation,
    asked: Sequence[tuple[Workspace, CheckRequest]],
    on_progress: OnProgress,
) -> Mapping[Key, CheckResult]:
    """Wait until all requests are answered, and return the answers.

    Raises PeopleError where nobody takes them up. One that somebody has taken away has failed.
    """
    end, told = time.monotonic() + _PATIENCE_S, ""
    while True:
        now = await _as_they_are(installation, [each for each, _ in asked])
        found = {key_of(each): _answer(now, each, request) for each, request in asked}
        waiting = [key for key, answer in found.items() if answer is None or not answer.is_final]
        if not waiting:
            return {key: answer for key, answer in found.items() if answer}
        if not any(found.values()) and time.monotonic() >= end:
            raise PeopleError(
                f"Nobody has taken up the request for {_PATIENCE_S:.0f} seconds. It stays on the "
                f"claim. {_LOOK}"
            )
        says = _progress(found, waiting)
        if says and says != told:
            on_progress(says)
            told = says
        await asyncio.sleep(_POLL_S if len(asked) == 1 else _POLL_MANY_S)


async def uncopied(
    installation: Installation, those: Sequence[Workspace], on_progress: OnProgress
) -> Mapping[Key, str]:
    """Wait until last snapshots are in the second store, too, where there is one.

    Returns why some are not. It may take as long as copying takes.
    """
    told, doubt = False, time.monotonic() + _PATIENCE_S
    while True:
        now = await _as_they_are(installation, those)
        found = {key: now[key].snapshot for key in map(key_of, those) if key in now}
        failed = {key: each.last_copy_error for key, each in found.items() if each.waits_for_copy}
        if all(failed.values()):
            return failed
        if not told:
            on_progress("It is copied into the second store. Ctrl+C ends the wait alone.")
            told = True
        if doubt and time.monotonic() >= doubt:
            on_progress(f"It is not copied yet. {_LOOK}")
            doubt = 0.0
        await asyncio.sleep(_POLL_S if len(those) == 1 else _POLL_MANY_S)


def _answer(
    now: Mapping[Key, Workspace], workspace: Workspace, request: CheckRequest
) -> CheckResult | None:
    current = now.get(key_of(workspace))
    if current is None:
        return CheckResult(request.id, CheckState.FAILED, says="The workspace was deleted.")
    state = current.snapshot
    for each in (state.check, state.check_state):
        if each and each.id == request.id:
            return each
    if state.check_asked is None or state.check_asked.id != request.id:
        says = "The request was taken away before it was done."
        return CheckResult(request.id, CheckState.FAILED, says=says)
    return None


def _progress(found: Mapping[Key, CheckResult | None], waiting: Sequence[Key]) -> str:
    if len(found) > 1:
        return f"{len(found) - len(waiting)} of {len(found)} are done."
    (answer,) = found.values()
    if answer is None:
        return ""
    if answer.state == CheckState.RUNNING:
        return "It has begun. Ctrl+C ends the wait alone."
    return f"Waiting. {answer.says}".strip()


async def _as_they_are(
    installation: Installation, those: Sequence[Workspace]
) -> Mapping[Key, Workspace]:
    found: dict[Key, Workspace] = {}
    for team, namespace in {(each.team, each.namespace) for each in those}:
        folder = await installation.workspaces.folder_of(team, namespace)
        all_of_team = await installation.workspaces.of_team(team, namespace)
        found |= {key_of(each): each for each in (*all_of_team, *([folder] if folder else []))}
    return found

"""Putting a workspace's snapshot back beside what is there: asked for on its claim, and followed.

The controller of the snapshots does it. These commands have no way into the store.
"""

import asyncio
import secrets
import time
from dataclasses import asdict, replace
from functools import partial

from gpucommons_contract import (
    TOLD_FOR,
    Annotation,
    RestoreRequest,
    RestoreResult,
    RestoreState,
    files_put_back,
    read_moment,
    read_note,
    read_restore_request,
    read_restore_result,
    team_namespace,
)
from gpucommons_contract.formats.byte_sizes import format_bytes
from gpucommons_contract.formats.wording import counted, moment, span

from gpucommons_people import notices
from gpucommons_people.change import Change
from gpucommons_people.checks import OnProgress
from gpucommons_people.clients.kinds import CLAIMS
from gpucommons_people.clients.workspaces import Workspace
from gpucommons_people.errors import NotThereError, PeopleError
from gpucommons_people.installation import Installation
from gpucommons_people.names import team_name, user_name
from gpucommons_people.workspaces.restoration import Restoration

_PATIENCE_S = 120.0
"""Seconds until the controller must have answered that it knows of the request."""
_POLL_S = 1.0


async def restore(
    installation: Installation,
    what: Restoration,
    *,
    dry_run: bool = False,
    on_progress: OnProgress = lambda _sentence: None,
) -> Change:
    """Have a snapshot put back into a new folder of the workspace, and wait until it is.

    Where the workspace was made in place of one that was deleted, it is that one's snapshot.

    Where the same was asked for and is not done yet, nothing is asked again, only waited for.
    """
    workspace = await _workspace(installation, what)
    notes = await _notes(installation, workspace)
    if not what.repository:  # of a workspace that was deleted: sessions wait for its files
        what = replace(what, repository=notes.get(Annotation.SNAPSHOT_TO_PUT_BACK, ""))
    pending = _pending(notes)
    request = what.request(secrets.token_hex(6), installation.audit.who)
    if pending:
        if pending.cancelled:
            raise PeopleError(
                "What was to be put back before is being cancelled. Give the command again once "
                "that is done."
            )
        if replace(pending, id="", by="", reason="") != replace(request, id="", by="", reason=""):
            raise PeopleError(
                f"Something else is being put back into this workspace, asked for by "
                f"{pending.by or 'somebody'}: {pending.reason or 'no reason given'}. Give the "
                "command again once that is done."
            )
        request = pending
    step = f"Put {what.which} of {what.whose} back, into a new folder beside what is there."
    data: dict[str, object] = {"workspace": workspace.as_json(), "request": request.id}
    change = Change(
        "restore workspace", what.subject, (step,), (), dry_run, data | {"result": None}
    )
    if dry_run:
        return replace(change, left=_earlier(notes, what))
    if not pending:
        installation.audit.check()
        details = {"team": what.team, "claim": workspace.name, **asdict(request)}
        installation.audit.write("restore workspace", what.subject, details)
        patch = {"metadata": {"annotations": {Annotation.RESTORE_REQUEST: request.to_json()}}}
        await installation.cluster.merge(CLAIMS, workspace.name, workspace.namespace, patch)
    if not what.wait:
        told = await _told(installation, what, request, None)
        return replace(
            change, left=("It is asked for. The same command waits until it is done.", *told)
        )
    begun = time.monotonic()
    result = await _until_done(installation, workspace, request, on_progress)
    took = None if pending else time.monotonic() - begun  # since then, or since the one before
    if result.state is RestoreState.FAILED:
        raise PeopleError(f"Nothing was put back. {result.says}")
    if result.state is RestoreState.CANCELLED:
        raise PeopleError("Nothing was put back: somebody has cancelled it.")
    told = await _told(installation, what, request, result)
    return replace(
        change,
        steps=(_done(result, what.whose, took),),
        left=(*_incomplete(result), *_earlier(notes, what), *told),
        data=data | {"result": asdict(result), "seconds": took and round(took, 1)},
    )


async def cancel(
    installation: Installation,
    email: str,
    team: str,
    *,
    dry_run: bool = False,
    wait: bool = True,
    on_progress: OnProgress = lambda _sentence: None,
) -> Change:
    """Have nothing put back any more, and what came back in part removed; wait until it is.

    Without ``email`` the team's folder is meant. Raises NotThereError where nothing is being put
    back.
    """
    what = Restoration(user_name(email) if email else "", team_name(team), "", wait=wait)
    workspace = await _workspace(installation, what)
    request = _pending(await _notes(installation, workspace))
    if request is None:
        raise NotThereError(f"Nothing is being put back into {what.whose}.")
    step = f"Cancel what {request.by or 'somebody'} asked to put back into {what.whose}."
    data: dict[str, object] = {"workspace": workspace.as_json(), "request": request.id}
    change = Change("cancel restore", what.subject, (step,), (), dry_run, data)
    if dry_run:
        return change
    if not request.cancelled:
        installation.audit.check()
        details = {"team": what.team, "claim": workspace.name, "request": request.id}
        installation.audit.write("cancel restore", what.subject, details)
        asked = replace(request, cancelled=True).to_json()
        patch = {"metadata": {"annotations": {Annotation.RESTORE_REQUEST: asked}}}
        await installation.cluster.merge(CLAIMS, workspace.name, workspace.namespace, patch)
    if not wait:
        left = "It is asked for. The same command waits until it is done."
        return replace(change, left=(left,))
    result = await _until_done(
        installation, workspace, request, on_progress, "What came back in part is being removed."
    )
    if result.state is RestoreState.DONE:
        raise PeopleError(f"That came too late. {_done(result, what.whose)}")
    if result.state is RestoreState.FAILED:
        raise PeopleError(f"What was put back in part may still be there. {result.says}")
    return replace(change, data=data | {"result": asdict(result)})


async def _told(
    installation: Installation,
    what: Restoration,
    request: RestoreRequest,
    result: RestoreResult | None,
) -> tuple[str, ...]:
    """Tell the person, unless it is their own doing; returns what to say of that if it failed.

    Of the folder of a team, nobody is told.
    """
    if not what.user or request.by == what.user:
        return ()
    notice = files_put_back(request, what.team, result)
    problem = await notices.tell(installation, notice, what.user, TOLD_FOR)
    return (problem,) if problem else ()


async def _workspace(installation: Installation, what: Restoration) -> Workspace:
    workspaces = installation.workspaces
    if what.user:
        return await workspaces.of_in(what.user, what.team, partial(_lacking, what))
    if folder := await workspaces.folder_of(what.team, team_namespace(what.team)):
        return folder
    raise NotThereError(
        f"Team {what.team} has no folder into which files could be put back. Make one: gpucommons "
        f"team add {what.team} --team-folder AMOUNT"
    )


def _lacking(what: Restoration, others: str) -> str:
    return (
        f"{what.user} has no workspace in team {what.team} into which files could be put back: it "
        f"is made at the first start of a session there.{others}"
    )


async def _notes(installation: Installation, workspace: Workspace) -> dict[str, str]:
    claim = await installation.cluster.get(CLAIMS, workspace.name, workspace.namespace)
    if claim is None or "deletionTimestamp" in claim["metadata"]:
        raise NotThereError(f"The workspace of {workspace.owner} is being deleted, or just was.")
    return dict(claim["metadata"].get("annotations") or {})


def _pending(notes: dict[str, str]) -> RestoreRequest | None:
    return read_note(read_restore_request, notes.get(Annotation.RESTORE_REQUEST))


def _answer(notes: dict[str, str], request: RestoreRequest) -> RestoreResult | None:
    found = read_note(read_restore_result, notes.get(Annotation.RESTORE_RESULT))
    return found if found and found.id == request.id else None


async def _until_done(
    installation: Installation,
    workspace: Workspace,
    request: RestoreRequest,
    on_progress: OnProgress,
    running: str = "The files are being put back. Ctrl+C ends the wait alone.",
) -> RestoreResult:
    end = time.monotonic() + _PATIENCE_S
    told = ""
    while True:
        notes = await _notes(installation, workspace)
        answer, pending = _answer(notes, request), _pending(notes)
        if answer and answer.is_final:
            return answer
        if pending is None or pending.id != request.id:
            raise PeopleError(
                "The request to put files back was taken away, or another one took its place, "
                "before it was done."
            )
        if answer is None and time.monotonic() >= end:
            raise PeopleError(
                f"Nobody has taken up the request for {_PATIENCE_S:.0f} seconds. It stays on the "
                "claim. Look whether the controller of the snapshots runs: kubectl -n gpucommons "
                "get deployment backup"
            )
        says = _progress(answer, running)
        if says and says != told:
            on_progress(says)
            told = says
        await asyncio.sleep(_POLL_S)


def _progress(answer: RestoreResult | None, running: str) -> str:
    if answer is None:
        return ""
    if answer.state is RestoreState.RUNNING:
        return running
    return f"Waiting. {answer.says}".strip()


def _done(result: RestoreResult, whose: str, took: float | None = None) -> str:
    taken = moment(read_moment(result.moment))
    many = f"{counted(result.files, 'file')}, {format_bytes(result.size)}"
    soon = "" if took is None else f", {span(took)} after it was asked for"
    return f"Put the snapshot of {taken} back into “{result.folder}” in {whose}: {many}{soon}."


def _incomplete(result: RestoreResult) -> tuple[str, ...]:
    if result.not_compared:
        return (
            "It could not be compared with what was there: its pod was ended before it had written "
            "the list. Look whether all is there; an earlier snapshot may have more (--at).",
        )
    if not result.left_out:
        return ()
    entries = f"{result.left_out} {'entry' if result.left_out == 1 else 'entries'}"
    return (f"The snapshot lacks {entries} that could not be read when it was taken.",)


def _earlier(notes: dict[str, str], what: Restoration) -> tuple[str, ...]:
    names = notes.get(Annotation.SNAPSHOT_EARLIER, "").split()
    if not names or what.repository:
        return ()
    return (
        f"An earlier {what.whose[4:]}, which was deleted, has snapshots too: --from {names[0]}",
    )

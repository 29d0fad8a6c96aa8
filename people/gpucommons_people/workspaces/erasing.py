"""Erasing somebody's snapshots for ever: asked for, confirmed by hand, and followed.

The controller of the snapshots does it. These commands have no way into the store.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from gpucommons_contract import TEAM_FOLDER_OWNER, written_moment
from gpucommons_contract.workspaces.erasures import (
    ERASURES,
    ERASURES_NAMESPACE,
    Doomed,
    Erasure,
    ErasureError,
    ErasureState,
    read_erasure,
)

from gpucommons_people.change import Change
from gpucommons_people.checks import OnProgress
from gpucommons_people.clients.kinds import CONFIG_MAPS
from gpucommons_people.errors import NotThereError, PeopleError
from gpucommons_people.installation import Installation
from gpucommons_people.names import team_name, user_name
from gpucommons_people.workspaces.restoration import checked_reason

Confirm = Callable[[Sequence[str]], bool]
"""Called with what will be erased, a sentence each; returns whether that is wanted."""

_PATIENCE_S = 120.0
"""Seconds until the controller must have answered which repositories are meant."""
_POLL_S = 1.0


@dataclass(frozen=True, slots=True)
class Wiping:
    """What to erase: all that somebody has left in a team, or one repository of that."""

    user: str
    """Whose; empty for the folder of the team."""
    team: str
    reason: str
    repository: str = ""
    wait: bool = True

    @property
    def subject(self) -> str:
        """Name whose snapshots they are: a person, or the team."""
        return self.user or self.team


def wiping(
    email: str, team: str, *, reason: str, repository: str = "", wait: bool = True
) -> Wiping:
    """Read what was typed; without ``email`` the team's folder is meant.

    Raises InputError that says what is wrong and how to write it.
    """
    return Wiping(
        user_name(email) if email else "",
        team_name(team),
        checked_reason(reason),
        repository.strip().strip("/"),
        wait,
    )


async def erase(
    installation: Installation,
    what: Wiping,
    confirm: Confirm,
    *,
    dry_run: bool = False,
    on_progress: OnProgress = lambda _sentence: None,
) -> Change:
    """Have snapshots and their passwords erased, once they were named and confirmed.

    Raises PeopleError where nothing is meant by it, or where a workspace is still there.
    """
    entry = Erasure(
        id=secrets.token_hex(6),
        team=what.team,
        owner=what.user or TEAM_FOLDER_OWNER,
        repository=what.repository,
        at=written_moment(datetime.now(UTC)),
        by=installation.audit.who,
        reason=what.reason,
    )
    await _put(installation, entry.id, entry)
    try:
        found = await _found(installation, entry)
    except BaseException:
        await _put(installation, entry.id, None)
        raise
    if found.state == ErasureState.FAILED:
        await _put(installation, entry.id, None)
        raise PeopleError(f"Nothing was erased. {found.says}")
    steps = tuple(_sentence(each) for each in found.found)
    data: dict[str, object] = {"repositories": [asdict(each) for each in found.found]}
    left = (found.says,) if found.says else ()
    change = Change("erase snapshots", what.subject, steps, left, dry_run, data)
    if dry_run or not confirm(steps):
        await _put(installation, entry.id, None)
        if not dry_run:
            raise PeopleError("Nothing was erased.")
        return change
    installation.audit.check()
    names = [each.name for each in found.found]
    details = {"team": what.team, "repositories": names, "reason": what.reason}
    installation.audit.write("erase snapshots", what.subject, details)
    await _put(installation, entry.id, replace(found, state=ErasureState.CONFIRMED, says=""))
    if not what.wait:
        return replace(change, left=("It is asked for, and goes on by itself.", *left))
    done = await _done(installation, entry, on_progress)
    await _put(installation, entry.id, None)
    if done.state == ErasureState.FAILED:
        raise PeopleError(f"Not all was erased. {done.says}")
    return replace(change, left=(*left, *((done.says,) if done.says else ())))


def _sentence(doomed: Doomed) -> str:
    until = f", whose workspace was deleted on {doomed.gone[:10]}" if doomed.gone else ""
    return f"Erase {doomed.name}, made on {doomed.made[:10]}{until}, with its passwords."


async def _found(installation: Installation, entry: Erasure) -> Erasure:
    end = time.monotonic() + _PATIENCE_S
    while True:
        now = await _entry(installation, entry)
        if now.state != ErasureState.ASKED:
            return now
        if time.monotonic() >= end:
            raise PeopleError(
                f"Nobody has taken up the request for {_PATIENCE_S:.0f} seconds, and it was taken "
                "back. Look whether the controller of the snapshots runs: kubectl -n "
                f"{ERASURES_NAMESPACE} get deployment backup"
            )
        await asyncio.sleep(_POLL_S)


async def _done(installation: Installation, entry: Erasure, on_progress: OnProgress) -> Erasure:
    """Wait, for as long as it takes: what does not answer is tried again and again."""
    told = ""
    while True:
        now = await _entry(installation, entry)
        if now.state != ErasureState.CONFIRMED:
            return now
        says = f"Waiting. {now.says}".strip() if now.says else "It is being erased."
        if says != told:
            on_progress(f"{says} Ctrl+C ends the wait alone.")
            told = says
        await asyncio.sleep(_POLL_S)


async def _entry(installation: Installation, entry: Erasure) -> Erasure:
    found = await installation.cluster.get(CONFIG_MAPS, ERASURES, ERASURES_NAMESPACE)
    text = ((found or {}).get("data") or {}).get(entry.id)
    try:
        return read_erasure(text or "")
    except ErasureError as error:
        raise PeopleError("The request was taken away before it was done.") from error


async def _put(installation: Installation, key: str, entry: Erasure | None) -> None:
    if await installation.cluster.get(CONFIG_MAPS, ERASURES, ERASURES_NAMESPACE) is None:
        raise NotThereError(
            f"The cluster has no ConfigMap {ERASURES} in {ERASURES_NAMESPACE}, in which snapshots "
            "are asked to be erased. Apply cluster/backup of this release."
        )
    patch = {"data": {key: entry.to_json() if entry else None}}
    await installation.cluster.merge(CONFIG_MAPS, ERASURES, ERASURES_NAMESPACE, patch)

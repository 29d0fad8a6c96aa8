"""Growing a workspace: checked, asked for, and waited for until the driver has done it.

Kubernetes grows volumes and never shrinks them. Source:
https://kubernetes.io/docs/concepts/storage/persistent-volumes/#expanding-persistent-volumes-claims
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

from gpucommons_contract import amount, memory_as_written

from gpucommons_people.change import Change
from gpucommons_people.clients.kinds import CLAIMS, QUOTAS, STORAGE_CLASSES, Manifest
from gpucommons_people.clients.workspaces import Session, Workspace, in_use
from gpucommons_people.errors import InputError, NotThereError, PeopleError
from gpucommons_people.installation import Installation
from gpucommons_people.names import team_name, user_name

OnGrowth = Callable[[str], None]
"""Called once, with a sentence, when the driver is waited for."""

_LARGEST = "1Ei"
_STORAGE = "requests.storage"
_OF_CLASS = ".storageclass.storage.k8s.io/requests.storage"
"""How a ResourceQuota names what claims of one class may request."""
_PATIENCE_S = 120.0
"""Seconds. Drivers take a few; a cloud may take minutes, and the command can be given again."""
_POLL_S = 1.0
_AT_MOUNT = "FileSystemResizePending"
"""Condition of a claim whose volume has grown, and whose file system grows where it is mounted."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What to grow: somebody's workspace in a team, to a size such as ``100Gi``."""

    user: str
    team: str
    size: str
    wait: bool = True


def growth(email: str, team: str, to: str, *, wait: bool = True) -> Growth:
    """Read what was typed. Raises InputError that says what is wrong and how to write it."""
    try:
        size = memory_as_written(to, _LARGEST)
    except ValueError as error:
        raise InputError(f"--to {to!r}: {error}.") from error
    return Growth(user_name(email), team_name(team), size, wait)


async def grow(
    installation: Installation,
    what: Growth,
    *,
    dry_run: bool = False,
    on_wait: OnGrowth = lambda _sentence: None,
) -> Change:
    """Grow a workspace. Changes nothing where it is as large already, but still waits for it."""
    lacking = partial(_lacking, what)
    workspace = await installation.workspaces.of_in(what.user, what.team, lacking)
    claim = await _claim(installation, workspace)
    larger = amount(what.size) - amount(workspace.size)
    if larger < 0:
        raise InputError(
            f"The workspace of {what.user} in team {what.team} has {workspace.size}, and a volume "
            f"never shrinks. Give --to more than that; {what.size} is less."
        )
    steps: tuple[str, ...] = ()
    if larger:
        await _check_class(installation, workspace)
        await _check_quotas(installation, workspace, larger, what)
        steps = (f"Grow the workspace in team {what.team} from {workspace.size} to {what.size}.",)
    data = {"workspace": workspace.as_json(), "size": what.size, "grown": False}
    change = Change("grow workspace", what.user, steps, (), dry_run, data)
    if dry_run:
        return change
    if larger:
        installation.audit.check()
        details = {"team": what.team, "from": workspace.size, "to": what.size}
        installation.audit.write("grow workspace", what.user, details)
        claim = await installation.workspaces.grow(workspace, what.size)
    left = await _until_grown(installation, workspace, claim, what, on_wait)
    return replace(change, left=left, data=data | {"grown": not left})


def _lacking(what: Growth, others: str) -> str:
    return (
        f"{what.user} has no workspace in team {what.team}; it is made at the first start of a "
        f"session there.{others} How large it will be: gpucommons team add {what.team} "
        f"--workspace-of {what.user}={what.size}"
    )


async def _claim(installation: Installation, workspace: Workspace) -> Manifest:
    claim = await installation.cluster.get(CLAIMS, workspace.name, workspace.namespace)
    if claim is None:
        raise NotThereError(f"The workspace of {workspace.owner} was deleted just now.")
    if (claim.get("status") or {}).get("phase") != "Bound":
        raise PeopleError(
            f"The workspace of {workspace.owner} in team {workspace.team} has no volume yet, and "
            "Kubernetes grows none that is not there. Grow it once a session has started with it."
        )
    return claim


async def _check_class(installation: Installation, workspace: Workspace) -> None:
    name = workspace.storage_class
    found = await installation.cluster.get(STORAGE_CLASSES, name) if name else None
    if found and found.get("allowVolumeExpansion"):
        return
    copied = (
        "Where it cannot grow: copy the files elsewhere, delete the claim, start a session with "
        "a larger size for this person (gpucommons team add --workspace-of), and copy them back. "
        "Where snapshots are kept, let it begin empty: gpucommons workspace begin-empty"
    )
    if found is not None:
        raise PeopleError(
            f"Storage class {name} does not let volumes grow. If its driver can, set "
            f"allowVolumeExpansion: kubectl patch storageclass {name} --patch "
            f"'{{\"allowVolumeExpansion\": true}}'. {copied}"
        )
    which = f"has the class {name}, which is gone" if name else "has no storage class"
    raise PeopleError(f"The volume {which}, so Kubernetes cannot grow it. {copied}")


async def _check_quotas(
    installation: Installation, workspace: Workspace, larger: Decimal, what: Growth
) -> None:
    keys = {_STORAGE, f"{workspace.storage_class}{_OF_CLASS}"}
    for quota in await installation.cluster.list(QUOTAS, workspace.namespace):
        status = quota.get("status") or {}
        hard, used = status.get("hard") or {}, status.get("used") or {}
        for key in sorted(keys & set(hard)):
            taken = used.get(key, "0")
            if amount(taken) + larger > amount(hard[key]):
                raise PeopleError(
                    f"{what.size} would be more than the workspaces of team {what.team} may have "
                    f"together: {hard[key]}, of which {taken} are taken, {workspace.size} by this "
                    f"one. {_more(quota, what.team)}"
                )


def _more(quota: Manifest, team: str) -> str:
    name = quota["metadata"]["name"]
    if name == "team":
        return f"Allow more with: gpucommons team add {team} --storage AMOUNT"
    return f"The limit is that of ResourceQuota {name}, which is none of GPU Commons."


async def _until_grown(
    installation: Installation,
    workspace: Workspace,
    claim: Manifest,
    what: Growth,
    on_wait: OnGrowth,
) -> tuple[str, ...]:
    """Wait until the claim has the size. Returns what it still waits for, if anything."""
    end = time.monotonic() + (_PATIENCE_S if what.wait else 0)
    told = False
    while True:
        if _has(claim, what.size):
            return ()
        sessions = await installation.workspaces.sessions_of_team(what.team, workspace.namespace)
        used = in_use(workspace, sessions)
        pending = tuple(_pending(claim, what, used))
        if (_is_at_mount(claim) and not used) or time.monotonic() >= end:
            return pending
        if not told:
            on_wait(f"Waiting for the storage driver, {_PATIENCE_S:.0f} seconds at most.")
            told = True
        await asyncio.sleep(_POLL_S)
        claim = await _claim(installation, workspace)


def _has(claim: Manifest, size: str) -> bool:
    capacity = ((claim.get("status") or {}).get("capacity") or {}).get("storage", "0")
    return amount(capacity) >= amount(size)


def _conditions(claim: Manifest) -> list[Manifest]:
    conditions = (claim.get("status") or {}).get("conditions") or []
    return [each for each in conditions if each.get("status") == "True"]


def _is_at_mount(claim: Manifest) -> bool:
    return any(each["type"] == _AT_MOUNT for each in _conditions(claim))


def _pending(claim: Manifest, what: Growth, used: list[Session]) -> Iterator[str]:
    capacity = ((claim.get("status") or {}).get("capacity") or {}).get("storage", "0")
    if _is_at_mount(claim):
        when = "in the running session soon" if used else "at the next start of a session"
        yield f"{_AT_MOUNT}: the volume has {what.size}; the file system grows {when}."
        return
    yield (
        f"The volume still has {capacity}: the storage driver has not grown it to {what.size} "
        f"yet. Look again with the same command; the cluster says more with: kubectl -n "
        f"{claim['metadata']['namespace']} describe persistentvolumeclaim "
        f"{claim['metadata']['name']}"
    )
    for each in _conditions(claim):
        if message := each.get("message"):
            yield f"{each['type']}: {message}"

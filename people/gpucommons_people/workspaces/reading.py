"""Reading somebody's snapshots: listed, looked into, and put into a file. Each is on record.

The service of earlier files does it, and tells the sessions that run. What sessions tell that start
later is written here, as the service has no way to.
"""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gpucommons_contract import (
    TOLD_AGAIN_AFTER,
    TOLD_FOR,
    StandingNotice,
    files_read,
    written_moment,
)
from gpucommons_contract.formats.byte_sizes import format_bytes
from gpucommons_contract.formats.wording import counted, moment

from gpucommons_people import standing_notices
from gpucommons_people.change import Change
from gpucommons_people.clients.files import Archive, KeptEntry, KeptSnapshot, Reading
from gpucommons_people.errors import InputError, NotThereError, PeopleError
from gpucommons_people.files.export import Content, Export
from gpucommons_people.installation import Installation
from gpucommons_people.names import team_name, user_name
from gpucommons_people.workspaces.restoration import checked_reason, moment_typed, snapshot_typed

OnProgress = Callable[[int, int], None]
"""Called with how many bytes are done, and how many there are to do."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose snapshots, and which of them: the newest with neither ``snapshot`` nor ``at``."""

    user: str
    team: str
    reason: str
    snapshot: str = ""
    at: datetime | None = None  # UTC
    path: bytes = b""
    """Relative to the workspace; empty is all of it."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as it was. complete is false where it had more than can be shown."""

    snapshot: KeptSnapshot
    path: bytes
    entries: tuple[KeptEntry, ...]
    complete: bool


def wanted(
    email: str, team: str, *, reason: str, snapshot: str = "", at: str = "", path: bytes = b""
) -> Wanted:
    """Read what was typed. Raises InputError that says what is wrong and how to write it."""
    parts = [each for each in path.split(b"/") if each not in (b"", b".")]
    if b".." in parts:
        raise InputError("A path is one within the workspace, without .. in it.")
    return Wanted(
        user=user_name(email),
        team=team_name(team),
        reason=checked_reason(reason),
        snapshot=snapshot_typed(snapshot),
        at=moment_typed(at) if at else None,
        path=b"/".join(parts),
    )


async def list_snapshots(installation: Installation, what: Wanted) -> tuple[KeptSnapshot, ...]:
    """Return the snapshots of a workspace, newest first."""
    _reading, snapshots = await _begun(installation, "list snapshots", what)
    return tuple(snapshots)


async def browse(installation: Installation, what: Wanted) -> Folder:
    """Return what a folder of a workspace had in a snapshot."""
    reading, snapshots = await _begun(installation, "browse snapshot", what)
    snapshot = choose(snapshots, what)
    files = installation.files_needed()
    entries, complete = await files.folder(reading, snapshot.id, what.path)
    return Folder(snapshot, what.path, tuple(entries), complete)


async def export(
    installation: Installation,
    what: Wanted,
    target: Path,
    on_progress: OnProgress = lambda _done, _all: None,
) -> Change:
    """Put a folder of a snapshot, or all of it, into a new file, and read that again."""
    files = installation.files_needed()
    export = Export(target)  # says what is wrong with the name, before anything is read
    reading, snapshots = await _begun(installation, "export snapshot", what, to=str(target))
    snapshot = choose(snapshots, what)
    about = {
        "user": what.user,
        "team": what.team,
        "snapshot": snapshot.id,
        "taken": written_moment(snapshot.time),
        "complete": snapshot.complete,
        "path": shown(what.path),
        "by": reading.by,
        "reason": reading.reason,
    }
    ended = threading.Event()

    def work() -> tuple[Archive, Content]:
        with files.archive(reading, snapshot.id, what.path) as archive:
            done = 0

            def told(more: int) -> None:
                nonlocal done
                if ended.is_set():
                    raise PeopleError("It was ended.")
                done += more
                on_progress(done, 2 * archive.size)  # written, and read again

            return archive, export.write(archive.parts, archive.size, about, told)

    try:
        archive, content = await asyncio.to_thread(work)
    except asyncio.CancelledError:
        ended.set()
        raise
    whose = f"the workspace of {what.user} in team {what.team}"
    of = f"“{shown(what.path)}” in {whose}" if what.path else whose
    step = (
        f"Wrote {of}, as it was at {moment(snapshot.time)}, to {target}: "
        f"{counted(len(content.sums), 'file')}, {format_bytes(content.size)}."
    )
    data = {**about, "to": str(target), "files": len(content.sums), "bytes": content.size}
    left = _left_out(archive, content, what, snapshot)
    return Change("export snapshot", what.user, (step,), left, data=data)


def choose(snapshots: list[KeptSnapshot], what: Wanted) -> KeptSnapshot:
    """Return the snapshot that is meant. Raises NotThereError that says which there are."""
    found = [each for each in snapshots if each.id.startswith(what.snapshot)]
    if what.at:
        found = [each for each in found if each.time <= what.at]
    if found:
        return max(found, key=lambda each: each.time)
    if not snapshots:
        raise NotThereError(f"{what.user} has no snapshot in team {what.team}.")
    times = sorted(each.time for each in snapshots)
    asked = f"of {moment(what.at)} or earlier" if what.at else f"with the id {what.snapshot}"
    raise NotThereError(
        f"There is no snapshot {asked}. There are {len(snapshots)}, the oldest of "
        f"{moment(times[0])}, the newest of {moment(times[-1])}."
    )


def shown(name: bytes) -> str:
    """Write a name for people: what cannot be shown becomes an escape sequence, as in Python."""
    text = name.decode(errors="backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


async def _begun(
    installation: Installation, action: str, what: Wanted, **more: object
) -> tuple[Reading, list[KeptSnapshot]]:
    """Put on record what is about to be read; return the snapshots once the person will know.

    Where there are none, there is nothing to tell.
    """
    files = installation.files_needed()
    reading = Reading(what.user, what.team, what.reason, installation.audit.who)
    installation.audit.check()
    details = {
        "team": what.team,
        "reason": what.reason,
        "snapshot": what.snapshot,
        "at": written_moment(what.at) if what.at else "",
        "path": shown(what.path),
    }
    installation.audit.write(action, what.user, details | more)
    snapshots = await files.snapshots(reading)
    if reading.by != what.user:
        await _tell_later(installation, reading)
    return reading, snapshots


async def _tell_later(installation: Installation, reading: Reading) -> None:
    notice = files_read(reading.by, reading.user, reading.reason)
    now = datetime.now(UTC).replace(microsecond=0)
    told = await standing_notices.find(installation, notice.id)
    if told is None or now - told.at >= TOLD_AGAIN_AFTER:
        standing = StandingNotice(notice, now + TOLD_FOR, reading.by, now, (reading.user,))
        await standing_notices.put(installation, standing)


def _left_out(
    archive: Archive, content: Content, what: Wanted, snapshot: KeptSnapshot
) -> tuple[str, ...]:
    """Say what is not in the file although it was in the workspace."""
    found = []
    if snapshot.complete is False:
        found.append("The snapshot lacks what could not be read when it was taken.")
    others = archive.entries - bool(what.path) - content.entries
    if others > 0:
        entries = f"{others} {'entry is' if others == 1 else 'entries are'}"
        found.append(f"{entries} not in it, as such a file has no pipes, sockets and devices.")
    return tuple(found)

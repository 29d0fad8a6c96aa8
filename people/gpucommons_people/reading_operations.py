"""What ``gpucommons backup status``, ``list``, ``browse`` and ``export`` do, and show."""

import argparse
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from urllib.parse import quote_from_bytes

from gpucommons_contract import SnapshotState, written_moment
from gpucommons_contract.formats.byte_sizes import format_bytes
from gpucommons_contract.formats.wording import counted, moment

from gpucommons_people.clients.files import KeptSnapshot
from gpucommons_people.clients.snapshots import ago, shortened
from gpucommons_people.names import duration, team_name
from gpucommons_people.output import Output, Table
from gpucommons_people.people import People
from gpucommons_people.workspaces.backup_status import BackupStatus
from gpucommons_people.workspaces.reading import Folder, Wanted, shown, wanted


async def _status(people: People, a: argparse.Namespace, output: Output) -> int:
    team = None if a.team is None else team_name(a.team)
    status = await people.backup_status(team, duration(a.late_after))
    output.show(status.as_json(), _status_parts(status))
    return int(status.is_late)


def _status_parts(status: BackupStatus) -> Sequence[str | Table]:
    late = sum(each.is_late for each in status.workspaces)
    summary = (
        f"{counted(late, 'workspace')} may have work that is in no snapshot for too long."
        if late
        else "No snapshot is late."
    )
    teams = [
        [
            each.team,
            *map(str, (each.workspaces, each.late, each.failing, each.incomplete)),
            _ago(each.oldest, status.at) if each.oldest else "",
        ]
        for each in status.teams
    ]
    workspaces = [
        [
            *(each.workspace.owner, each.workspace.team),
            _ago(each.workspace.snapshot.last_good, status.at),
            each.state,
            *_figures(each.workspace.snapshot, status.at),
            shortened(each.reason),
        ]
        for each in status.workspaces
    ]
    columns = ["Workspace of", "Team", "Last snapshot", "State", "Not read", "Tidied", "Reason"]
    return [
        summary,
        "",
        Table(
            ["Team", "Workspaces", "Late", "Failing", "Incomplete", "Oldest in use"],
            teams,
            "There is no workspace.",
        ),
        "",
        Table(columns, workspaces, ""),
    ]


def _figures(snapshot: SnapshotState, now: datetime) -> tuple[str, str]:
    return str(snapshot.unread or ""), _ago(snapshot.tidied, now)


def _ago(when: datetime | None, now: datetime) -> str:
    return "never" if when is None else ago(now - when)


async def _list(people: People, a: argparse.Namespace, output: Output) -> None:
    found = await people.list_snapshots(wanted(a.email, a.team, reason=a.reason))
    rows = [
        [
            each.id[:12],
            moment(each.time),
            "" if each.files is None else str(each.files),
            "" if each.bytes is None else format_bytes(each.bytes),
            _completeness(each),
        ]
        for each in found
    ]
    columns = ["Snapshot", "Taken", "Files", "Size", "Complete"]
    document = {"snapshots": [_snapshot_json(each) for each in found]}
    output.show(document, [Table(columns, rows, "There is no snapshot.")])


def _completeness(each: KeptSnapshot) -> str:
    return {True: "yes", False: "no", None: "not known"}[each.complete]


def _snapshot_json(each: KeptSnapshot) -> dict[str, object]:
    return {
        "id": each.id,
        "time": written_moment(each.time),
        "files": each.files,
        "bytes": each.bytes,
        "complete": each.complete,
    }


def _which(a: argparse.Namespace) -> Wanted:
    path = os.fsencode(a.path)
    return wanted(a.email, a.team, reason=a.reason, snapshot=a.snapshot, at=a.at, path=path)


async def _browse(people: People, a: argparse.Namespace, output: Output) -> None:
    folder = await people.browse_snapshot(_which(a))
    output.show(_folder_json(folder), _folder_parts(folder))


def _folder_parts(folder: Folder) -> Sequence[str | Table]:
    rows = [
        [
            shown(each.name) + ("/" if each.kind == "dir" else ""),
            format_bytes(each.size) if each.kind == "file" else each.kind,
            moment(each.modified),
        ]
        for each in folder.entries
    ]
    where = f"“{shown(folder.path)}” in the" if folder.path else "The"
    parts: list[str | Table] = [
        f"{where} snapshot {folder.snapshot.id[:12]} of {moment(folder.snapshot.time)}:",
        Table(["Name", "Size", "Changed"], rows, "It is empty."),
    ]
    if not folder.complete:
        parts.append(f"These are the first {len(rows)} entries; export the folder to have all.")
    return parts


def _folder_json(folder: Folder) -> dict[str, object]:
    return {
        "snapshot": _snapshot_json(folder.snapshot),
        "path": quote_from_bytes(folder.path),
        "entries": [
            {
                "name": shown(each.name),
                "encoded": quote_from_bytes(each.name, safe=""),
                "kind": each.kind,
                "size": each.size,
                "modified": written_moment(each.modified),
            }
            for each in folder.entries
        ],
        "complete": folder.complete,
    }


async def _export(people: People, a: argparse.Namespace, output: Output) -> None:
    with output.transfer() as told:
        change = await people.export_snapshot(_which(a), a.to, on_progress=told)
    output.changes([change])


OPERATIONS: Mapping[str, Callable[[People, argparse.Namespace, Output], Awaitable[int | None]]] = {
    "backup_browse": _browse,
    "backup_export": _export,
    "backup_list": _list,
    "backup_status": _status,
}

"""Which repository each workspace has, and its password: kept in one Secret.

Whoever loses a password has lost all snapshots in that repository. So a record is written, and
read back, before anything is encrypted with it, and no password is ever changed here. One is
deleted when all is erased that it opens, and else never.
"""

import base64
from collections.abc import Container, Mapping
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

from gpucommons_contract import Annotation, written_moment
from gpucommons_upkeep.clock import Clock
from gpucommons_upkeep.watch import Manifest

from gpucommons_backup.controller.repositories.record import (
    SECRET,
    Record,
    RecordsError,
    encoded,
    key_of,
    new_password,
    new_record,
    readable,
    size_of,
    unreadable,
)
from gpucommons_backup.controller.repositories.record_lookup import (
    earlier_records,
    record_of,
    record_to_restore,
    records_for,
)
from gpucommons_backup.controller.settings import Settings
from gpucommons_backup.controller.watching.claims import Workspace
from gpucommons_backup.controller.watching.cluster import API, ClusterError

FULL = 950_000
"""Bytes of records after which there is no place for more: a Secret may have 1 MiB."""
_TRIES = 5


class Records:
    """The Secret with all records, in a namespace that people have no rights in."""

    def __init__(self, api: API, settings: Settings, clock: Clock) -> None:
        """The folder of ``settings`` gets a copy of what is read, one file for each record."""
        self._api, self._clock = api, clock
        self._namespace = settings.namespace
        self._folder = settings.records_folder

    async def of(self, workspace: Workspace, *, are_known: bool) -> Record:
        """Return a workspace's repository; one that has none gets it.

        ``are_known``: whether any claim names a repository, so that there must be records. Raises
        RecordsError and ClusterError.
        """
        for _ in range(_TRIES):
            secret = await self._read()
            if secret is None:
                await self._create(are_known=are_known)
                continue
            records = records_for(workspace, secret)
            if found := record_of(records, workspace):
                return found
            if (record := await self._add(secret, workspace)) is not None:
                return record
        raise RecordsError(f"The Secret {SECRET} is changed by others all the time.")

    async def leave(self, workspace: Workspace) -> None:
        """Give a workspace another repository the next time: its own was not made to its end.

        The record stays, as that of nobody: should there be anything after all, it can be read.
        """
        secret = await self._read()
        records, _broken = readable(secret) if secret else ({}, [])
        named = records.get(workspace.repository)
        if secret is None or named is None or named.uid != workspace.uid:
            return
        left = replace(named, uid="", owner="", gone=written_moment(self._clock()))
        version = {"resourceVersion": secret["metadata"]["resourceVersion"]}
        body = {"metadata": version, "data": {key_of(named.name): encoded(left)}}
        await self._api.patch_secret(self._namespace, SECRET, body)
        await self._read()

    async def sweep(
        self,
        owners: Mapping[str, str],
        *,
        kept: Container[str] = (),
        copied: Container[str] = (),
        copies: bool = False,
    ) -> list[Record] | None:
        """Note on each record whether its claim is there, whose it is now, and where snapshots are.

        ``owners``: those of all claims that there are, by uid. ``kept`` and ``copied``: uids of
        those that have a snapshot, and one in the second store. ``copies``: whether there is such a
        store, for which each repository gets a password. Returns all records as they are then;
        None where there is no Secret. Raises RecordsError where records cannot be read, after all
        others, and ClusterError. It is safe to repeat.
        """
        secret = await self._read()
        if secret is None:
            return None
        changed, swept = {}, []
        records, broken = readable(secret)
        for each in records.values():
            gone = "" if each.uid in owners else each.gone or written_moment(self._clock())
            current = replace(
                each,
                gone=gone,
                owner=owners.get(each.uid) or each.owner,
                kept=each.kept or each.uid in kept,
                copied=each.copied or each.uid in copied,
                copy_password=each.copy_password or (new_password() if copies else ""),
            )
            swept.append(current)
            if current != each:
                changed[key_of(each.name)] = encoded(current)
        if changed:
            version = {"resourceVersion": secret["metadata"]["resourceVersion"]}
            body = {"metadata": version, "data": changed}
            await self._api.patch_secret(self._namespace, SECRET, body)
            await self._read()
        if broken:
            raise unreadable(broken)
        return swept

    async def _read(self) -> Manifest | None:
        secret = await self._api.read_secret(self._namespace, SECRET)
        if secret and self._folder:
            try:
                copy_records(secret, self._folder)
            except OSError as error:
                raise RecordsError(
                    f"The records cannot be copied to {self._folder}: {error.strerror}."
                ) from error
        return secret

    async def earlier(self, workspace: Workspace, living: Container[str]) -> list[Record]:
        """Return those of earlier workspaces of the same owner, newest first.

        ``living``: uids of all claims that there are. Raises RecordsError and ClusterError.
        """
        return earlier_records(await self._all(workspace), workspace, living)

    async def to_restore(self, workspace: Workspace, name: str, living: Container[str]) -> Record:
        """Return the repository to put back from. Raises RecordsError and ClusterError."""
        return record_to_restore(await self._all(workspace, name), workspace, name, living)

    async def forget(self, name: str) -> None:
        """Delete a record with its passwords: nobody can read what is encrypted with them."""
        await self._api.patch_secret(self._namespace, SECRET, {"data": {key_of(name): None}})
        await self._read()

    async def all(self) -> Mapping[str, Record]:
        """Return all that can be read, by their names. Raises RecordsError and ClusterError."""
        secret = await self._read()
        return readable(secret)[0] if secret else {}

    async def every(self) -> Mapping[str, Record] | None:
        """Return all; None where the Secret is not there.

        Raises RecordsError where one cannot be read, and ClusterError.
        """
        secret = await self._read()
        if secret is None:
            return None
        found, broken = readable(secret)
        if broken:
            raise unreadable(broken)
        return found

    async def _all(self, workspace: Workspace, name: str = "") -> Mapping[str, Record]:
        secret = await self._read()
        return records_for(workspace, secret, name) if secret else {}

    async def _create(self, *, are_known: bool) -> None:
        if are_known:
            raise RecordsError(
                f"The Secret {SECRET} in {self._namespace} is not there, but workspaces have "
                "repositories, whose passwords it has. Put it back from your copy. If there is "
                "none, the old snapshots are lost: make an empty Secret of this name, take the "
                f"annotation {Annotation.BACKUP_REPOSITORY} away from all claims, and they get new "
                "repositories."
            )
        metadata = {"name": SECRET, "namespace": self._namespace}
        kind = {"apiVersion": "v1", "kind": "Secret", "type": "Opaque"}
        await self._api.create_secret(kind | {"metadata": metadata})

    async def _add(self, secret: Manifest, workspace: Workspace) -> Record | None:
        """Write a new record and read it back; None if somebody else was quicker."""
        record = new_record(workspace, self._clock())
        key, text = key_of(record.name), encoded(record)
        if size_of(secret) + len(key) + len(base64.b64decode(text)) > FULL:
            raise RecordsError(
                f"The Secret {SECRET} in {self._namespace} has no place for one more repository. "
                "Take away the records of workspaces whose snapshots nobody needs any more."
            )
        body = {
            "metadata": {"resourceVersion": secret["metadata"]["resourceVersion"]},
            "data": {key: text},
        }
        try:
            await self._api.patch_secret(self._namespace, SECRET, body)
        except ClusterError as error:
            if error.status == HTTPStatus.CONFLICT:
                return None
            raise
        kept = await self._read()
        if kept is None or readable(kept)[0].get(record.name) != record:
            raise RecordsError(
                f"What was written to the Secret {SECRET} in {self._namespace} is not there."
            )
        return record


def copy_records(secret: Manifest, folder: Path) -> None:
    """Make a folder what the kubelet would make of the Secret in a pod. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    wanted = {key: base64.b64decode(text) for key, text in (secret.get("data") or {}).items()}
    for file in folder.iterdir():
        if file.name not in wanted:
            file.unlink()
    for key, text in wanted.items():
        file = folder / key
        if not file.exists() or file.read_bytes() != text:
            part = folder / f".{key}"  # whoever reads the folder passes over these
            part.touch(mode=0o600)
            part.write_bytes(text)
            part.rename(file)

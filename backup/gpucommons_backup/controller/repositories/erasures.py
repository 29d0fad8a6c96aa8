"""Erases snapshots for ever, once somebody has confirmed which: in all stores, then the record."""

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta

from gpucommons_contract import read_moment, team_namespace, written_moment
from gpucommons_contract.workspaces.erasures import (
    ERASURES,
    Erasure,
    ErasureError,
    ErasureState,
    read_erasure,
)
from gpucommons_contract.workspaces.erasures import Doomed as Named
from gpucommons_upkeep.clock import Clock, utc_now

from gpucommons_backup.controller.repositories import kept
from gpucommons_backup.controller.repositories.record import Record
from gpucommons_backup.controller.repositories.records import Records
from gpucommons_backup.controller.settings import LiveSettings, Settings
from gpucommons_backup.controller.watching.cluster import API
from gpucommons_backup.erasing import Doomed, erase, is_there
from gpucommons_backup.errors import BackupError

_SETTLED = timedelta(minutes=2)
"""After a workspace is deleted, until no pod of its snapshots can be at work any more."""
_STILL_THERE = (
    "The store still has {}, after it was deleted by the login for that. Do tidy_store, and "
    "copy.tidy_store, name the same repositories as store and copy.store?"
)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
"""After whoever erased was killed; it doubles each time."""
_MOST_TRIES = 30
_KEPT = timedelta(days=1)
"""For which an entry that is over, or that nobody confirms, stays."""
_COPY_STAYS = (
    "The second store's copy stays there, as copy.tidy_credentials is not set. Its password is "
    "erased, but lists of passwords that were sealed before have it: delete the folders by hand."
)

Living = Callable[[], Collection[str]]
"""Returns the uids of all claims that there are. Raises BackupError where that is not known."""
LeftOver = Callable[[], Collection[str]]
"""Returns the namespaces in which pods of claims that are gone are at work. Raises BackupError
where that is not known."""


class Erasing:
    """Looks at the requests again and again. All that must outlive it is in them."""

    def __init__(
        self,
        api: API,
        settings: LiveSettings,
        living: Living,
        left_over: LeftOver,
        log: logging.Logger,
        *,
        clock: Clock = utc_now,
    ) -> None:
        self._api, self._settings = api, settings
        self._living, self._left_over = living, left_over
        self._log, self._clock = log, clock

    async def step(self) -> None:
        """Do once what is to be done now. Raises BackupError."""
        settings = self._settings.current
        found = await self._api.read_config_map(settings.namespace, ERASURES)
        for key, text in ((found or {}).get("data") or {}).items():
            try:
                entry = read_erasure(text)
            except ErasureError as error:
                self._log.error("an entry of %s is taken away: %s", ERASURES, error)
                await self._put(key, None)
                continue
            if self._pauses(entry):
                continue
            after = await self._worked(entry, settings)
            ended = replace(after, begun="", tries="") if after else None
            if ended != entry or ended != after:
                await self._put(key, ended)

    def _pauses(self, entry: Erasure) -> bool:
        """Whether whoever erased was killed lately, perhaps for want of memory."""
        if entry.state != ErasureState.CONFIRMED or not entry.begun:
            return False
        pause = min(_FIRST_PAUSE * (1 << _tries(entry)), _LONGEST_PAUSE)
        return timedelta(0) <= self._clock() - _moment(entry.begun) < pause

    async def _begin(self, entry: Erasure) -> Erasure:
        """Note that it is begun: whoever comes after us knows it if we are killed."""
        begun = written_moment(self._clock())
        entry = replace(entry, begun=begun, tries=f"{_tries(entry) + 1}")
        await self._put(entry.id, entry)
        return entry

    async def _worked(self, entry: Erasure, settings: Settings) -> Erasure | None:
        if entry.state == ErasureState.ASKED:
            return await self._look(entry, settings)
        if entry.state == ErasureState.CONFIRMED:
            return await self._erase(entry, settings)
        return None if self._clock() - _moment(entry.at) > _KEPT else entry

    async def _look(self, entry: Erasure, settings: Settings) -> Erasure:
        """Say which repositories are meant."""
        if settings.tidy_credentials is None:
            return _failed(
                entry,
                "The settings name no login that may delete: tidy_store and tidy_credentials.",
            )
        records = (await Records(self._api, settings, self._clock).all()).values()
        mine = [
            each
            for each in records
            if (each.team, each.owner) == (entry.team, entry.owner)
            if entry.repository in ("", each.name)
        ]
        living = self._living()
        found = [each for each in mine if each.uid not in living]
        if found:
            named = tuple(Named(each.name, each.made, each.gone) for each in found)
            return replace(entry, state=ErasureState.FOUND, found=named, says=_others(mine, found))
        if mine:
            return _failed(
                entry,
                f"The workspace is still there, so its next snapshot would bring all back. Delete "
                f"it first: gpucommons user remove {entry.owner} --delete-workspace "
                "--without-snapshot.",
            )
        which = entry.repository or "repository"
        return _failed(entry, f"{entry.owner} has no {which} in team {entry.team}.")

    async def _erase(self, entry: Erasure, settings: Settings) -> Erasure:
        """Erase what was confirmed. Where something does not answer, it is tried again."""
        records, living = Records(self._api, settings, self._clock), self._living()
        known = await records.all()
        # Others were erased before this program was begun anew.
        doomed = [known[each.name] for each in entry.found if each.name in known]
        for record in doomed:
            if (record.team, record.owner) != (entry.team, entry.owner) or record.uid in living:
                return _failed(
                    entry, f"{record.name} is in use again, or somebody else's: it stays."
                )
            if not record.gone or self._clock() - _moment(record.gone) < _SETTLED:
                return replace(
                    entry, says="The workspace was deleted just now. It begins in two minutes."
                )
            if team_namespace(record.team) in self._left_over():  # which may write into the stores
                return replace(
                    entry, says="A pod of its snapshots is about to end. It begins then."
                )
        entry, left = await self._begin(entry), ""
        for record in doomed:
            try:
                for each in _in_all_stores(record, settings, tidies=True):
                    await asyncio.to_thread(erase, each)
                for each in _in_all_stores(record, settings, tidies=False):
                    if await asyncio.to_thread(is_there, each):
                        return replace(entry, says=_STILL_THERE.format(record.name))
            except BackupError as error:
                return replace(entry, says=f"{error}")
            await records.forget(record.name)
            self._log.info("%s is erased, asked for by %s", record.name, entry.by or "somebody")
            if record.copied and settings.copies and not settings.copies.tidy_credentials:
                left = _COPY_STAYS
        await kept.publish(self._api, settings.namespace, (await records.all()).values())
        return replace(entry, state=ErasureState.DONE, says=left)

    async def _put(self, key: str, entry: Erasure | None) -> None:
        body = {"data": {key: entry.to_json() if entry else None}}
        await self._api.patch_config_map(self._settings.current.namespace, ERASURES, body)


def _in_all_stores(record: Record, settings: Settings, *, tidies: bool) -> list[Doomed]:
    """Return where a repository is that can be deleted there. Raises SettingsError.

    ``tidies``: with logins that may delete, and addresses for them; else as pods find it.
    """
    login = {**settings.login(tidies=tidies), "RESTIC_PASSWORD": record.password}
    found = [Doomed(settings.address(record.name, tidies=tidies), login)]
    copies = settings.copies
    if copies and copies.tidy_credentials and record.copy_password:
        login = {**copies.login(tidies=tidies), "RESTIC_PASSWORD": record.copy_password}
        found.append(Doomed(copies.address(record.name, tidies=tidies), login))
    return found


def _others(mine: list[Record], found: list[Record]) -> str:
    used = [each.name for each in mine if each not in found]
    return f"{', '.join(used)} is of a workspace that is there, and stays." if used else ""


def _failed(entry: Erasure, sentence: str) -> Erasure:
    return replace(entry, state=ErasureState.FAILED, says=sentence)


def _tries(entry: Erasure) -> int:
    return min(int(entry.tries), _MOST_TRIES) if entry.tries.isdecimal() else 0


def _moment(text: str) -> datetime:
    """Read a moment; one that cannot be read is long past."""
    try:
        return read_moment(text)
    except ValueError:
        return read_moment("2000-01-01T00:00:00Z")

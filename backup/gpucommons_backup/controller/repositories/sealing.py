"""Keeps the passwords of all repositories sealed in each store, and reads of drills there."""

import asyncio
import hashlib
import logging
import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gpucommons_upkeep.clock import Clock, utc_now
from prometheus_client import CollectorRegistry, Gauge

from gpucommons_backup.controller.repositories.record import Record, RecordsError
from gpucommons_backup.controller.repositories.records import Records
from gpucommons_backup.controller.settings import LiveSettings, Settings
from gpucommons_backup.controller.watching.cluster import API
from gpucommons_backup.errors import BackupError
from gpucommons_backup.recovery import DrillNote, RecoveryShelf, SealedRecord, seal
from gpucommons_backup.recovery.sealed import text_of

_AGAIN_SECONDS = 3600
"""After which a store is looked into although nothing has changed: there may have been a drill."""
_TIDY_SECONDS = 86400
"""After which old lists are forgotten again: they may have passwords that were erased since."""
_PREFIX = "gpucommons_backup_"


@dataclass(frozen=True, slots=True)
class Place:
    """A store that gets the sealed passwords."""

    name: str
    """``first``, or ``second``: that of the copies."""
    store: str
    login: Mapping[str, str] = field(repr=False)
    tidy: tuple[str, Mapping[str, str]] | None = field(default=None, repr=False)
    """Where and by which login old lists are forgotten."""


class RecoveryMetrics:
    """What Prometheus reads of it, in the controller's registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"{_PREFIX}{name}", text, ("store",), registry=registry)

        self._unsealed = gauge(
            "passwords_unsealed", "1 while the sealed passwords in a store may not be the newest."
        )
        self._age = gauge(
            "last_drill_age_seconds", "How long ago the last drill from a store was; none: +Inf."
        )
        self._hit = gauge(
            "last_drill_hit", "Workspaces that the last drill from a store found not to be whole."
        )

    def clear(self) -> None:
        """Show nothing: there is no recovery key."""
        for each in (self._unsealed, self._age, self._hit):
            each.clear()

    def show(self, place: str, *, sealed: bool, drill: DrillNote | None, now: float) -> None:
        """Set what is known of a store. ``now``: in seconds since 1970."""
        self._unsealed.labels(place).set(not sealed)
        age = now - drill.moment.timestamp() if drill else float("inf")
        self._age.labels(place).set(age)
        self._hit.labels(place).set(drill.hit if drill else 0)


@dataclass
class _Known:
    """What was last seen in a store, and when, in seconds of a clock that never goes back."""

    state: str
    drill: DrillNote | None
    at: float
    tidied: float | None
    """When old lists were last forgotten there, by the same clock."""


class Sealing:
    """Brings the sealed passwords into each store. One at a time: nobody else writes there."""

    def __init__(
        self,
        api: API,
        settings: LiveSettings,
        metrics: RecoveryMetrics,
        log: logging.Logger,
        *,
        clock: Clock = utc_now,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api, self._settings, self._log = api, settings, log
        self._clock, self._timer = clock, timer
        self._metrics = metrics
        self.sealed: frozenset[str] = frozenset()
        """Names of repositories that the newest list in each store has."""
        self._known: dict[str, _Known] = {}
        """By the address of the store."""

    async def step(self) -> None:
        """Do once what is to be done now. Raises BackupError and OSError, after all stores."""
        settings = self._settings.current
        if settings.recovery is None:
            self._metrics.clear()
            self.sealed = frozenset()
            return
        records = Records(self._api, settings, self._clock)
        try:
            known = await records.every()
        except RecordsError:  # a list without that one would take the place of one with it
            for place in places(settings):
                self._show(place, "")
            raise
        if known is None:  # it may be lost: the lists that there are stay the newest
            return
        found = known.values()
        text, recipient = _text(found), settings.recovery.recipient
        # Sealed anew it would be other bytes each time; the passwords in it let nobody guess it.
        state = hashlib.sha256(recipient.encode() + text).hexdigest()
        errors: list[BackupError | OSError] = []
        for place in places(settings):
            try:
                await self._bring(place, text, recipient, state)
            except (BackupError, OSError) as error:  # such as restic that is not there
                errors.append(error)
            self._show(place, state)
        if errors:
            raise errors[0]
        self.sealed = frozenset(each.name for each in found)

    async def _bring(self, place: Place, text: bytes, recipient: str, state: str) -> None:
        known, now = self._known.get(place.store), self._timer()
        if known and known.state == state and now - known.at < _AGAIN_SECONDS:
            return
        shelf = RecoveryShelf(place.store, place.login, _cache())
        if await asyncio.to_thread(shelf.state) != state:
            sealed = await asyncio.to_thread(seal, text, recipient)
            await asyncio.to_thread(shelf.put, sealed, state)
            self._log.info("the passwords are sealed in the %s store", place.name)
        drill = await asyncio.to_thread(shelf.last_drill)
        tidied = known.tidied if known else None
        known = self._known[place.store] = _Known(state, drill, now, tidied)
        if place.tidy and (tidied is None or now - tidied >= _TIDY_SECONDS):
            tidying = RecoveryShelf(*place.tidy, _cache())
            await asyncio.to_thread(tidying.tidy, self._clock())
            known.tidied = now

    def _show(self, place: Place, state: str) -> None:
        known = self._known.get(place.store)
        self._metrics.show(
            place.name,
            sealed=known is not None and known.state == state,
            drill=known.drill if known else None,
            now=self._clock().timestamp(),
        )


def places(settings: Settings) -> list[Place]:
    """Return the stores that settings name. Raises SettingsError."""
    found = []
    for name, each in (("first", settings), ("second", settings.copies)):
        if each is None:
            continue
        tidy = None
        if each.tidy_credentials:
            tidy = (each.tidy_store or each.store, each.login(tidies=True))
        found.append(Place(name, each.store, each.login(), tidy))
    return found


def _cache() -> Path | None:
    """Return where restic may keep what it has read, if our own environment says so."""
    folder = os.environ.get("RESTIC_CACHE_DIR")
    return Path(folder) if folder else None


def _text(records: Collection[Record]) -> bytes:
    return text_of(
        [
            SealedRecord(
                repository=each.name,
                team=each.team,
                owner=each.owner,
                password=each.password,
                copy_password=each.copy_password,
                kept=each.kept,
                copied=each.copied,
            )
            for each in records
        ]
    )

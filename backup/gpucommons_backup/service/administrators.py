"""Who reads the snapshots of somebody else: by which right, why, on record, and not unnoticed."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, Protocol

from gpucommons_contract import (
    LONGEST_REASON,
    LONGEST_USER_NAME,
    READ_SNAPSHOTS_SCOPE,
    TOLD_AGAIN_AFTER,
    Notice,
    files_read,
)
from gpucommons_upkeep.logs import put_on_record

from gpucommons_backup.service.access import token_in
from gpucommons_backup.service.refusals import RefusedError, wrong

_NO_RIGHT = (
    f"This token may not read snapshots of other people's files: it lacks {READ_SNAPSHOTS_SCOPE}."
)
FIELDS = ("user", "team", "reason", "by")
"""Of a query that asks for somebody else's snapshots."""


class Hub(Protocol):
    """What the hub is asked."""

    async def owner_of(self, token: str) -> Mapping[str, Any] | None:
        """Return whose token it is, as the hub's "who am I" does; None for nobody's."""

    async def tell(self, notice: Notice, person: str) -> None:
        """Show a notice in all sessions of a person. Raises RefusedError."""


@dataclass(frozen=True, slots=True)
class Errand:
    """Reading for somebody else."""

    by: str
    """The administrator."""
    service: str
    """Whose token it is that vouches for ``by``; empty for the administrator's own."""
    team: str
    user: str
    reason: str

    @property
    def is_own(self) -> bool:
        """Whether it is known to be about the administrator's own files."""
        return not self.service and self.by == self.user


class Administrators:
    """Lets those read who may, once it is on record, and the person is told."""

    def __init__(self, hub: Hub, clock: Callable[[], float] = time.monotonic) -> None:
        """clock: gives seconds."""
        self._hub = hub
        self._clock = clock
        self._telling = asyncio.Lock()
        self._told_until: dict[tuple[str, str], float] = {}

    async def errand(self, header: str, query: Mapping[str, str]) -> Errand:
        """Return what somebody wants who sends this header and query. Raises RefusedError."""
        owner = await self._hub.owner_of(token_in(header))
        if owner is None or READ_SNAPSHOTS_SCOPE not in owner["scopes"]:
            raise RefusedError(HTTPStatus.FORBIDDEN, _NO_RIGHT)
        name, is_service = str(owner["name"]), owner.get("kind") == "service"
        by = query["by"] or ("" if is_service else name)
        if not is_service and by != name:
            raise wrong("by must be left out: the token says whose it is.")
        if not by or len(by) > LONGEST_USER_NAME:
            raise wrong(
                f"by must say, in 1 to {LONGEST_USER_NAME} characters, for whom the service asks."
            )
        reason = " ".join(query["reason"].split())
        if not reason or len(reason) > LONGEST_REASON:
            raise wrong(
                f"reason must say, in 1 to {LONGEST_REASON} characters, why somebody else's files "
                "are read. They are told."
            )
        if not query["user"] or not query["team"]:
            raise wrong("user and team must say whose files are read.")
        return Errand(by, name if is_service else "", query["team"], query["user"], reason)

    async def admit(self, errand: Errand, what: Mapping[str, str]) -> None:
        """Put on record what is read, and tell the person, once an hour. Raises RefusedError.

        what: endpoint, snapshot and path, percent-encoded.
        """
        put_on_record(
            "read snapshots", errand.by, {**asdict(errand), **what}, on=f"of {errand.user}"
        )
        if not errand.is_own:
            await self._tell(errand)

    async def _tell(self, errand: Errand) -> None:
        async with self._telling:  # who comes meanwhile waits, and need not tell again
            now, key = self._clock(), (errand.by, errand.user)
            if now < self._told_until.get(key, now):
                return
            await self._hub.tell(files_read(errand.by, errand.user, errand.reason), errand.user)
            still = {each: until for each, until in self._told_until.items() if now < until}
            self._told_until = still | {key: now + TOLD_AGAIN_AFTER.total_seconds()}

"""People who left and want to be forgotten before their time: what an administrator does."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from gpucommons_upkeep.logs import put_on_record
from gpucommons_web.access import Caller, RefusedError, forbidden, missing, wrong
from gpucommons_web.api import JSONHandler
from gpucommons_web.fields import Fields, text
from jupyterhub.services.auth import HubOAuth

from gpucommons_accounting.database.people.pseudonyms import Erasure
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.records.identity import PersonId
from gpucommons_accounting.records.pseudonym import Hidden, is_pseudonym
from gpucommons_accounting.web.accounts import Accounts, AccountUnknownError
from gpucommons_accounting.web.reading import read_records

_LONGEST_REASON = 500


class Erasing:
    """Has people forgotten who left, and says who did so."""

    def __init__(self, store: Store, accounts: Accounts, now: Callable[[], datetime]) -> None:
        self._store, self._accounts, self._now = store, accounts, now

    async def forget(self, caller: Caller, fields: Fields, *, dry_run: bool) -> dict[str, int]:
        """Have all forgotten who had a name and left; returns what names them, by kinds.

        The program does so within a minute. Raises RefusedError for somebody who is here.
        """
        _administrators(caller)
        name, reason = text(fields, "person"), text(fields, "reason")
        if name is None:
            raise wrong("person is missing: who is to be forgotten?")
        if is_pseudonym(name):
            raise wrong(f"{name} is a pseudonym: who that was is forgotten.")
        if reason is None or len(reason) > _LONGEST_REASON:
            raise wrong(f"reason is missing, or longer than {_LONGEST_REASON} characters: why?")
        if Hidden(name, "").text(reason) != reason:
            raise wrong("reason must not name them: it stays on record.")
        found = await self._who_left(name)
        now, pseudonyms = self._now(), self._store.pseudonyms
        if not dry_run:
            erasure = Erasure(now, caller.title, reason)
            await read_records(pseudonyms.begin, list(found), now, erasure)
            put_on_record("forget somebody who left", caller.title, {"details": {"reason": reason}})
        return dict(sum(found.values(), Counter()))

    async def erasures(self, caller: Caller) -> list[Erasure]:
        """Return who had somebody forgotten, the last first."""
        _administrators(caller)
        return await read_records(self._store.pseudonyms.erasures)

    async def _who_left(self, name: str) -> dict[PersonId, Counter[str]]:
        """Return who had a name and has no account any more, with what is on record of each."""
        try:
            since = await self._accounts.since_of(name)
        except AccountUnknownError as error:
            message = f"The hub does not say whether {name} has an account: {error}. Try again."
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, message) from error
        people = self._store.people_and_teams
        if since:
            await read_records(people.meet, [PersonId(name, since)])
        known = await read_records(people.identities, name)
        found: dict[PersonId, Counter[str]] = {}
        for person in {*known.people_called(name), PersonId(name, "")}:
            if person.since != since:
                counts = await read_records(self._store.pseudonyms.count, person)
                if counts or person.since:
                    found[person] = Counter(counts)
        if found:
            return found
        if since:
            message = f"{name} has an account. Remove it first: gpucommons user remove {name}"
            raise RefusedError(HTTPStatus.CONFLICT, message)
        raise missing(f"Nothing is on record of {name}.")


class ErasuresAPI(JSONHandler):
    """GET api/erasures, POST with ``{"person", "reason", "dry_run": "yes"}``."""

    def initialize(self, hub_auth: HubOAuth, erasing: Erasing) -> None:
        """Take what the application gives."""
        self.hub_auth = hub_auth
        self._erasing = erasing

    async def get(self) -> None:
        """List who had somebody forgotten."""
        found = await self._erasing.erasures(self.person)
        rows = [{"at": each.at.isoformat(), "by": each.by, "reason": each.reason} for each in found]
        self.answer({"erasures": rows})

    async def post(self) -> None:
        """Have somebody forgotten."""
        body = self.body()
        if (given := text(body, "dry_run")) not in (None, "yes"):
            raise wrong("dry_run must be yes, or left out.")
        dry_run = given is not None
        found = await self._erasing.forget(self.person, body, dry_run=dry_run)
        self.set_status(HTTPStatus.OK if dry_run else HTTPStatus.ACCEPTED)
        self.answer({"names": found})


def _administrators(caller: Caller) -> None:
    if not caller.administers:
        raise forbidden("Only an administrator may have somebody forgotten.")

"""Sends mail about budgets: once to each for each part of a budget that is used."""

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gpucommons_contract import ACCOUNTING_SERVICE
from gpucommons_contract.words import choose, set_language
from gpucommons_upkeep import Backoff, Heartbeat, keep_going
from gpucommons_upkeep.clock import Clock
from gpucommons_upkeep.mail import DeliveryError, Mailer

from gpucommons_accounting.database.budget_mails import Told
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.mailing.budget_warnings import BudgetWarning, due_warnings
from gpucommons_accounting.mailing.letters import Place, letter
from gpucommons_accounting.mailing.settings import BudgetMail
from gpucommons_accounting.web.budgets.balance_sheet import BalanceSheet

_PAUSE_SECONDS = 60.0
"""How often it is looked. A replica waits so long, too, when it became its turn: meanwhile the one
before it is done with its last mail, and has noted it."""
_AT_ONCE = 60
"""Mails in one look: no more than a mail server takes."""
_FAILED_IN_A_ROW = 3
"""After these the mail server is left alone until the next look."""
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Failed:
    times: int
    again: datetime


class BudgetMailing:
    """Looks at all budgets now and then, while this replica records.

    A mail is noted once the server has it. It may come twice where the program is killed between.
    """

    def __init__(
        self, store: Store, sheet: BalanceSheet, settings: BudgetMail, mailer: Mailer, now: Clock
    ) -> None:
        self._store, self._sheet, self._now = store, sheet, now
        self._settings, self._mailer = settings, mailer
        self._failed: dict[str, _Failed] = {}
        """By address."""
        self._sent: dict[Told, int] = {}
        """Percents that were told and could not be noted yet."""
        self._without: set[str] = set()
        """People who are known to have no address."""
        self.heart = Heartbeat("sending mail about budgets", math.inf)
        """Nobody is turned away because of it."""

    async def step(self, may: Callable[[], bool] = lambda: True) -> None:
        """Send what is due. Raises StoreError, and DeliveryError where no mail can be sent.

        What was sent is noted first: while that fails, nothing is sent.
        """
        await self._note()
        found, place = await asyncio.to_thread(self._look)
        failed = 0
        for warning, address in self._addressed(found):
            if not may():
                return
            try:
                await self._send(address, warning, place)
                failed = 0
            except DeliveryError as error:
                self._put_off(address, error)
                failed += 1
                if failed == _FAILED_IN_A_ROW:
                    raise

    async def run(self, may: Callable[[], bool]) -> None:
        """Do so every minute, until canceled. may: whether it is our turn."""
        set_language(choose("", ""))  # the site's usual one: nobody says which they read

        async def turn() -> None:
            was_ours = may()
            await asyncio.sleep(_PAUSE_SECONDS)
            if was_ours and may():
                await self.step(may)

        await keep_going(turn, heart=self.heart, backoff=Backoff(1.0, 30.0), log=log)

    def _look(self) -> tuple[list[BudgetWarning], Place]:
        sheet, known = self._sheet.read(), self._store.people_and_teams.identities()
        found = list(due_warnings(sheet, known, self._store.budget_mails.told()))
        hub = self._settings.hub_url.rstrip("/")
        url = f"{hub}/services/{ACCOUNTING_SERVICE}/" if hub else ""
        return found, Place(self._store.calendar.zone, url)

    def _addressed(self, found: list[BudgetWarning]) -> list[tuple[BudgetWarning, str]]:
        """Return what is sent now, and whereto: first to those where no mail has failed."""
        now, due = self._now(), []
        for warning in found:
            name = warning.told.receiver.name
            address = self._settings.address_of(name)
            if address is None:
                if name not in self._without:
                    log.warning("%r has no mail address, and is not told of budgets", name)
                self._without.add(name)
            elif address not in self._failed or self._failed[address].again <= now:
                due.append((warning, address))
        due.sort(key=lambda each: self._times_failed(each[1]))
        return due[:_AT_ONCE]

    async def _send(self, address: str, warning: BudgetWarning, place: Place) -> None:
        text = letter(warning.line, warning.percent, warning.team, place)
        try:
            await self._mailer.send(address, text)
        except DeliveryError as error:
            if not error.hopeless:
                raise
            log.warning("The mail about a budget to %s is lost: %s", address, error)
        self._failed.pop(address, None)
        self._sent[warning.told] = warning.percent
        await self._note()

    async def _note(self) -> None:
        for told, percent in list(self._sent.items()):
            await asyncio.to_thread(self._store.budget_mails.note, told, percent, self._now())
            del self._sent[told]

    def _put_off(self, address: str, error: DeliveryError) -> None:
        times = self._times_failed(address) + 1
        wait = min(_FIRST_WAIT * 2.0 ** min(times - 1, 10), _LONGEST_WAIT)
        self._failed[address] = _Failed(times, self._now() + wait)
        log.warning("Mail about a budget to %s failed, again in %s: %s", address, wait, error)

    def _times_failed(self, address: str) -> int:
        return self._failed[address].times if address in self._failed else 0

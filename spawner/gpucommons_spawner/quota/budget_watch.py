"""Asks accounting every few seconds what is left of budgets; no page waits for that."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta

from gpucommons_sessions import Accounting, NoAnswerError
from gpucommons_upkeep import Backoff, Heartbeat, keep_going
from sqlalchemy.orm import Session

from gpucommons_spawner.quota.budgets import Budgets

_EVERY_SECONDS = 10.0
_WITHIN_SECONDS = 60.0


class BudgetWatch:
    """One for the hub. It begins with the first spawner, where the hub has accounting."""

    def __init__(self, budgets: Budgets, told: Callable[[], None]) -> None:
        """told: called after each answer."""
        self._budgets, self._told = budgets, told
        self._accounting = Accounting()
        self._task: asyncio.Task[None] | None = None
        self._looked = False
        """Whether it is known if the hub has accounting: that changes with a restart only."""

    def begin(self, db: Session, log: logging.Logger, *, closes: bool, patience: timedelta) -> None:
        """Begin as `Budgets`, unless that was done or there is nobody to ask. db: the hub's."""
        if self._looked:
            return
        try:
            there = self._accounting.is_there(db)
        except NoAnswerError as error:
            log.warning("It is not known whether there is accounting, looked for again: %s", error)
            return
        self._looked = True
        if not there:
            return
        self._budgets.begin(closes=closes, patience=patience)

        async def ask() -> None:
            if found := await self._accounting.balances(db):
                self._budgets.take(found)
                self._told()

        self._task = asyncio.create_task(
            keep_going(
                ask,
                heart=Heartbeat("asking accounting what is left of budgets", _WITHIN_SECONDS),
                backoff=Backoff(1.0, _EVERY_SECONDS),
                log=log,
                every=_EVERY_SECONDS,
            )
        )

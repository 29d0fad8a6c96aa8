"""Tells accounting what the hub alone knows, and loses nothing of it.

What is to be told is a row of a table in the hub's own database, written before what it is about
is done. A task sends the rows, and deletes them once accounting has them. So whatever was noted
arrives, at least once, also if accounting is away for days, or the hub ends in between.
"""

import asyncio
import json
import logging
import math
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from gpucommons_contract import ACCOUNTING_SERVICE, TELL_ACCOUNTING_SCOPE, Endpoint
from gpucommons_contract.formats.wording import read_moment
from gpucommons_contract.told import Told
from gpucommons_upkeep import Backoff, Heartbeat, keep_going
from prometheus_client import Gauge
from sqlalchemy import Column, Integer, MetaData, Row, Table, Text, delete, func, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from gpucommons_sessions.asked_service import AskedService, NoAnswerError
from gpucommons_sessions.hub_database import roll_back

TELLING_SCOPES = (TELL_ACCOUNTING_SCOPE, f"access:services!service={ACCOUNTING_SERVICE}")
"""What the hub's own service may do to tell it."""
MOST_KEPT = 100_000
"""Rows: what two thousand people do in a month. Beyond it the oldest are given up."""
_AT_ONCE = 200
_MOST_CHARACTERS = 1_000_000
"""Of the facts that are sent at once. One fact has a few thousand."""
_FOR_GOOD = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
"""Answers that are the same however often it is asked."""
_SHOWN = 300
"""Characters of a fact that is given up, in the log."""
_TIMEOUT_S = 30.0
_AGAIN_S = 60.0
"""How often it is looked whether there is an accounting by now."""

OUTBOX = Table(
    "gpucommons_outbox",
    MetaData(),
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("fact", Text, nullable=False),
    sqlite_autoincrement=True,
)
"""In JupyterHub's database, which leaves tables alone that it does not know."""

_FACTS = Gauge(
    "gpucommons_accounting_outbox_facts",
    "What the hub is to tell accounting, and accounting has not taken yet, in facts",
)
_OLDEST_WAIT = Gauge(
    "gpucommons_accounting_outbox_oldest_wait_seconds",
    "How long ago the first of these facts was noted; 0 where none waits",
)

log = logging.getLogger(__name__)


class AccountingOutbox:
    """One for the hub."""

    def __init__(self, longest_pause_seconds: float = 60.0) -> None:
        self._service = AskedService(
            ACCOUNTING_SERVICE, "accounting", "What accounting is told", TELLING_SCOPES, _TIMEOUT_S
        )
        self._longest_pause = longest_pause_seconds
        self._at_once = _AT_ONCE
        self._made = False
        self._unwritten: deque[str] = deque(maxlen=MOST_KEPT)
        """What could not be written, as the database was away."""
        self._written = 0
        """How many rows there are, by their numbers; PostgreSQL may have left some out."""
        self._first: Row[Any] | None = None
        """The oldest of them."""
        self._stirred = asyncio.Event()
        _FACTS.set_function(lambda: self._written + len(self._unwritten))
        _OLDEST_WAIT.set_function(self._oldest_wait)

    def put(self, db: Session | None, told: Told) -> None:
        """Write down what is to be told, and commit it. It never fails: what the database does not
        take now is kept in memory until it does.

        db: the hub's. Without an accounting nothing is written.
        """
        text = json.dumps(told.as_json())
        if db is None:
            return
        try:
            if not self._service.find(db):
                return
            self._write(db, [text])
        except (SQLAlchemyError, NoAnswerError) as error:
            roll_back(db)
            log.warning("%s is not written down yet for accounting: %s", told.key, error)
            self._unwritten.append(text)
        self._stirred.set()

    async def run(self, db: Session) -> None:
        """Send what is there, and what comes, until cancelled. db: the hub's."""
        heart = Heartbeat("telling accounting", within=2 * self._longest_pause)
        backoff = Backoff(min(1.0, self._longest_pause), self._longest_pause)
        await keep_going(lambda: self._step(db), heart=heart, backoff=backoff, log=log)

    async def _step(self, db: Session) -> None:
        """Send some, or wait until there is something. Raises whatever hinders it."""
        self._stirred.clear()
        try:
            rows = self._oldest(db) if self._service.find(db) else []
        except SQLAlchemyError:
            roll_back(db)
            raise
        if not rows:
            await self._until_stirred()
            return
        if len(rows[0].fact) > _MOST_CHARACTERS:
            _log_given_up(rows[0], "it is too long")
            self._delete(db, rows[:1])
            return
        rows = _short_enough(rows)
        facts = [json.loads(row.fact) for row in rows]
        body = json.dumps({"facts": facts})
        try:
            said = await self._service.post(db, Endpoint.ACCOUNTING_FACTS, body)
        except NoAnswerError as error:
            if error.status not in _FOR_GOOD:
                raise
            if len(rows) > 1:  # which of them it is shows when fewer are sent
                self._at_once = len(rows) // 2
                return
            _log_given_up(rows[0], str(error))
            said = b'{"refused": []}'
        if said is None:  # the hub has no accounting any more
            return
        for why in json.loads(said)["refused"]:
            log.error("accounting makes no sense of what it was told: %s", why)
        self._delete(db, rows)
        self._at_once = _AT_ONCE

    def _delete(self, db: Session, rows: Sequence[Row[Any]]) -> None:
        try:
            db.execute(delete(OUTBOX).where(OUTBOX.c.number.in_([row.number for row in rows])))
            db.commit()
        except SQLAlchemyError:
            roll_back(db)
            raise

    def _oldest(self, db: Session) -> Sequence[Row[Any]]:
        """Return what is to be sent next, with what could not be written before."""
        self._write(db, list(self._unwritten))
        self._unwritten.clear()
        self._count(db)
        return db.execute(select(OUTBOX).order_by(OUTBOX.c.number).limit(self._at_once)).all()

    async def _until_stirred(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_AGAIN_S):
                await self._stirred.wait()

    def _write(self, db: Session, facts: list[str]) -> None:
        if not self._made:
            OUTBOX.create(db.connection(), checkfirst=True)
            db.commit()
            self._made = True
        if not facts:
            return
        db.execute(insert(OUTBOX), [{"fact": fact} for fact in facts])
        self._count(db)
        if self._first and (too_many := self._written - MOST_KEPT) > 0:
            db.execute(delete(OUTBOX).where(OUTBOX.c.number < self._first.number + too_many))
            log.error("accounting has taken nothing for so long that %d facts are lost", too_many)
            self._count(db)
        db.commit()

    def _count(self, db: Session) -> None:
        """Know how many rows there are, without reading them all, and which is the oldest."""
        self._first = db.execute(select(OUTBOX).order_by(OUTBOX.c.number).limit(1)).one_or_none()
        newest = db.execute(select(func.max(OUTBOX.c.number))).scalar_one()
        self._written = newest - self._first.number + 1 if self._first else 0

    def _oldest_wait(self) -> float:
        """Return for how many seconds the first that waits has waited; 0 if none does."""
        first = self._first.fact if self._first else next(iter(self._unwritten), "")
        if not first:
            return 0.0
        try:
            since = read_moment(json.loads(first)["at"]).timestamp()
        except (KeyError, ValueError):  # as another version of the hub wrote it
            return math.nan
        return max(0.0, time.time() - since)


def _short_enough(rows: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    """Return as many of the first as are sent at once, one at least."""
    length, count = 0, 0
    for row in rows:
        length += len(row.fact)
        if count and length > _MOST_CHARACTERS:
            break
        count += 1
    return rows[:count]


def _log_given_up(row: Row[Any], why: str) -> None:
    log.error("accounting is never told this, as %s: %s", why, row.fact[:_SHOWN])

"""Whether the hub's database answers. All of the hub shares one session with it.

After a connection was lost, such a session does nothing until it is rolled back, and whoever
notices first has to do that.
"""

import asyncio
import logging
from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

_AGAIN_SECONDS = 1.0


def answers(db: Session | None) -> bool:
    """Say whether the database answers, by a new connection if the one that there was is lost.

    What was not committed on a lost connection is lost with it. Without a database: True.
    """
    if db is None:
        return True
    for _ in range(2):
        try:
            db.execute(select(1))
        except SQLAlchemyError:
            roll_back(db)
        else:
            return True
    return False


async def until_it_answers(db: Session | None, log: logging.Logger, what: str) -> None:
    """Wait until the database answers; ``what`` is what waits, for the log."""
    if answers(db):
        return
    log.warning("The hub's database does not answer: %s waits for it", what)
    while not answers(db):  # noqa: ASYNC110 -- a database announces nothing
        await asyncio.sleep(_AGAIN_SECONDS)
    log.info("The hub's database answers again: %s continues", what)


def roll_back(db: Session) -> None:
    """Let the next start afresh. A connection that is gone cannot be rolled back, nor need be."""
    with suppress(SQLAlchemyError):
        db.rollback()

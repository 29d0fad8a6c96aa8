"""Deletes what is too old to be of use."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from gpucommons_upkeep import Backoff, Heartbeat, keep_going

from gpucommons_culler.database.store import Store

log = logging.getLogger(__name__)

_DAY_S = 86_400.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 60.0, 3600.0


def retention_heart() -> Heartbeat:
    """Return what shows whether old lines are still deleted: once a day, with a day to spare."""
    return Heartbeat("Deleting old lines of the audit", within=2 * _DAY_S)


async def forget_old(store: Store, keep: timedelta, heart: Heartbeat | None = None) -> None:
    """Delete lines of the audit older than ``keep``, now and once a day, until cancelled."""

    async def forget() -> None:
        count = await asyncio.to_thread(store.forget, datetime.now(UTC) - keep)
        if count:
            log.info("Deleted %d lines of the audit older than %d days", count, keep.days)

    backoff = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
    await keep_going(
        forget, heart=heart or retention_heart(), backoff=backoff, log=log, every=_DAY_S
    )

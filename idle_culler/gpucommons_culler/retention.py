"""Lets go of what is too old to be asked for."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from gpucommons_culler.store import Store
from gpucommons_culler.store_errors import StoreError

log = logging.getLogger(__name__)

_PERIOD = timedelta(days=1)


async def forget_old(store: Store, keep: timedelta) -> None:
    """Delete lines of the audit older than ``keep``, now and once a day, until cancelled."""
    while True:
        try:
            count = await asyncio.to_thread(store.forget, datetime.now(UTC) - keep)
        except StoreError as error:
            log.warning("Old lines of the audit are not deleted today: %s", error)
        else:
            if count:
                log.info("Deleted %d lines of the audit older than %d days", count, keep.days)
        await asyncio.sleep(_PERIOD.total_seconds())

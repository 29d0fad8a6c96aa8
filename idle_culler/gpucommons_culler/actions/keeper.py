"""Keeps idle sessions for their people, within the bounds of the rule."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from gpucommons_culler.core.case import Case
from gpucommons_culler.core.errors import KeepRefusedError
from gpucommons_culler.core.keeping import kept_until, refusal
from gpucommons_culler.core.records import Event, EventKind, StoredLease
from gpucommons_culler.database.store import Store


class Keeper:
    """Writes leases. Whichever replica acts learns of them from the database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def keep(self, case: Case, by: str, length: timedelta, now: datetime) -> datetime:
        """Keep a session; returns until when (UTC). Raises KeepRefusedError."""
        session, rule, idle_since = case.session, case.rule, case.decision.idle_since
        records = await asyncio.to_thread(self._store.records, now)
        event = Event(
            at=now,
            kind=EventKind.KEPT,
            session=session.key,
            team=session.team,
            size=session.size,
            reason=f"{by} kept it.",
            by=by,
            verdict=case.decision.verdict,
            rule=rule.name,
            idle_since=idle_since,
            gpus=session.gpus,
        )
        if why := refusal(rule, records.keeping(session.key, case.facts.last_used), length):
            event = replace(event, kind=EventKind.KEEP_REFUSED, reason=why)
            await asyncio.to_thread(self._store.record, event)
            raise KeepRefusedError(why)
        until = kept_until(now, length)
        lease = StoredLease(session.key, now, until, by, idle_since or now)
        await asyncio.to_thread(self._store.keep, lease, replace(event, until=until))
        return until

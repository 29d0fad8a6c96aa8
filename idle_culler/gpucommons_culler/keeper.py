"""Keeps idle sessions because their people want it, within the bounds of the rule."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from gpucommons_culler.decision import Facts
from gpucommons_culler.keep_refused import KeepRefusedError
from gpucommons_culler.keeping import kept_until, refusal
from gpucommons_culler.memory import Memory
from gpucommons_culler.records import Event, EventKind, KeptLease
from gpucommons_culler.store import Store
from gpucommons_culler.view import View


def last_used(facts: Facts) -> datetime:
    """Answer when the session was used last, as far as that is known: since then keeping counts."""
    used = (signal.active_at for signal in facts.signals if signal.active_at)
    return max(used, default=facts.started)


class Keeper:
    """Writes leases. Whichever replica acts learns of them from the database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def keep(self, view: View, by: str, length: timedelta, now: datetime) -> datetime:
        """Keep a session; answers until when (UTC). Raises KeepRefusedError."""
        session, rule, idle_since = view.session, view.rule, view.decision.idle_since
        memory = await asyncio.to_thread(Memory.load, self._store, now)
        event = Event(
            at=now,
            kind=EventKind.KEPT,
            session=session.key,
            team=session.team,
            size=session.size,
            reason=f"{by} kept it.",
            by=by,
            verdict=view.decision.verdict,
            rule=rule.name,
            idle_since=idle_since,
            gpus=session.gpus,
        )
        if why := refusal(rule, memory.keeping(session.key, last_used(view.facts)), length):
            event = replace(event, kind=EventKind.KEEP_REFUSED, reason=why)
            await asyncio.to_thread(self._store.record, event)
            raise KeepRefusedError(why)
        until = kept_until(now, length)
        lease = KeptLease(session.key, now, until, by, idle_since or now)
        await asyncio.to_thread(self._store.keep, lease, replace(event, until=until))
        return until

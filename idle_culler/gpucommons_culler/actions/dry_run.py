"""A culler that only records what it would do."""

from datetime import datetime

from gpucommons_culler.actions.actions import Actions, Notifies, SessionControl
from gpucommons_culler.core.case import Case
from gpucommons_culler.core.commitments import Countdown
from gpucommons_culler.core.metrics import Metrics
from gpucommons_culler.core.records import EventKind
from gpucommons_culler.core.session import SessionKey
from gpucommons_culler.database.store import Store


class DryRunActions(Actions):
    """Takes no step, and records which it would have taken.

    A session that would be gone by now is left out until it is used again.
    """

    def __init__(
        self, hub: SessionControl, store: Store, notifier: Notifies, metrics: Metrics
    ) -> None:
        super().__init__(hub, store, notifier, metrics)
        self._ended: dict[SessionKey, datetime] = {}

    async def take(self, case: Case) -> bool:
        """Record the step of a decision."""
        ended, idle_since = self._ended.get(case.session.key), case.decision.idle_since
        if ended and idle_since and idle_since <= ended:
            return True
        return await super().take(case)

    async def warn(self, case: Case) -> bool:
        """Remember the countdown, and show nothing."""
        stored = case.stored_countdown(Countdown(case.at, case.decision.next_at or case.at))
        await self._write(self._store.begin, stored, case.event(EventKind.WOULD_WARN))
        return True

    async def show_again(self, case: Case) -> None:
        """Show nothing."""

    async def cancel(self, case: Case) -> None:
        """Forget the countdown."""
        await self._end(case, EventKind.WOULD_CANCEL)

    async def stop(self, case: Case, by: str = "") -> bool:
        """Record that it would be stopped now; the real culler does what a person wants."""
        if not by:
            self._ended[case.session.key] = case.at
            await self._end(case, EventKind.WOULD_STOP)
        return not by

    async def release(self, case: Case) -> bool:
        """Record that it would be released now."""
        self._ended[case.session.key] = case.at
        await self._end(case, EventKind.WOULD_RELEASE)
        return True

    async def gone(self, key: SessionKey, at: datetime) -> None:
        """Forget the countdown of a session that ended."""
        self._ended.pop(key, None)
        await super().gone(key, at)

    async def _end(self, case: Case, kind: EventKind) -> None:
        await self._write(self._store.end, case.session.key, case.event(kind))

"""A culler that only writes down what it would do."""

from datetime import datetime

from gpucommons_culler.decision import Countdown
from gpucommons_culler.metrics import Metrics
from gpucommons_culler.records import EventKind
from gpucommons_culler.session import SessionKey
from gpucommons_culler.steps import Case, Hub, Messenger, Steps
from gpucommons_culler.store import Store


class DrySteps(Steps):
    """Takes no step, and writes down which it would have taken.

    What would be gone by now is left out until it is used again.
    """

    def __init__(self, hub: Hub, store: Store, messenger: Messenger, metrics: Metrics) -> None:
        super().__init__(hub, store, messenger, metrics)
        self._ended: dict[SessionKey, datetime] = {}

    async def take(self, case: Case) -> bool:
        """Write down the step of a decision."""
        ended, idle_since = self._ended.get(case.session.key), case.decision.idle_since
        if ended and idle_since and idle_since <= ended:
            return True
        return await super().take(case)

    async def warn(self, case: Case) -> bool:
        """Remember the countdown, and show nothing."""
        standing = case.standing(Countdown(case.at, case.decision.next_at or case.at))
        await self._write(self._store.begin, standing, case.event(EventKind.WOULD_WARN))
        return True

    async def show_again(self, case: Case) -> None:
        """Show nothing."""

    async def cancel(self, case: Case) -> None:
        """Forget the countdown."""
        await self._end(case, EventKind.WOULD_CANCEL)

    async def stop(self, case: Case, by: str = "") -> bool:
        """Write down that it would be stopped now; what a person wishes is the real one's."""
        if not by:
            self._ended[case.session.key] = case.at
            await self._end(case, EventKind.WOULD_STOP)
        return False

    async def release(self, case: Case) -> None:
        """Write down that it would be released now."""
        self._ended[case.session.key] = case.at
        await self._end(case, EventKind.WOULD_RELEASE)

    async def gone(self, key: SessionKey, at: datetime) -> None:
        """Forget the countdown of a session that ended."""
        self._ended.pop(key, None)
        await super().gone(key, at)

    async def _end(self, case: Case, kind: EventKind) -> None:
        await self._write(self._store.end, case.session.key, case.event(kind))

"""The steps that follow a decision: warn, cancel, stop, release. Each is in the audit.

A line is written before a step that cannot be undone: what could not be written is not done.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ParamSpec, Protocol, TypeVar

from gpucommons_contract import Notice
from gpucommons_contract.told import EndReason
from gpucommons_upkeep.logs import about

from gpucommons_culler.actions.notices import all_clear, warning, why_it_was_stopped
from gpucommons_culler.core.case import Case
from gpucommons_culler.core.commitments import Countdown
from gpucommons_culler.core.decision import Action
from gpucommons_culler.core.errors import AlreadyWarnedError, HubError, HubUnavailableError
from gpucommons_culler.core.metrics import Metrics
from gpucommons_culler.core.records import Event, EventKind
from gpucommons_culler.core.session import Session, SessionKey
from gpucommons_culler.database.store import Store

log = logging.getLogger(__name__)

_STOP_PAUSE_S = 1.0
_STOP_LOOKS = 60
"""How often to check whether a session is gone, each time after the pause."""
_Parameters = ParamSpec("_Parameters")
_Answer = TypeVar("_Answer")


class SessionControl(Protocol):
    """What the actions need of the hub; everything raises HubError."""

    async def show_notice(self, session: Session, notice: Notice) -> None:
        """Show a notice in a session."""

    async def withdraw_notice(self, session: Session, notice_id: str) -> None:
        """Take a notice back."""

    async def stop(self, session: Session) -> bool:
        """Stop this run of a session; False while it is still stopping."""

    async def explain_stop(
        self, session: Session, sentence: str, reason: EndReason, by: str = ""
    ) -> None:
        """Have the hub tell the session's person why it is stopped now, and accounting, by whom."""

    async def start(self, user: str, server: str, options: dict[str, str], language: str) -> None:
        """Start a server in a language, once an earlier run of it is gone."""


class Notifies(Protocol):
    """Notifies people outside their sessions. It neither waits nor fails."""

    def notify(self, session: Session, event: Event) -> None:
        """Notify a session's person, or whoever can help, of what happened to it or will."""


class Actions:
    """Takes steps for real."""

    def __init__(
        self, hub: SessionControl, store: Store, notifier: Notifies, metrics: Metrics
    ) -> None:
        self._hub = hub
        self._store = store
        self._notifier = notifier
        self._metrics = metrics
        self._writing = asyncio.Lock()
        self._failing: set[tuple[SessionKey, str]] = set()
        """Stops that failed, and who wanted them: each is reported and recorded once."""

    async def take(self, case: Case) -> bool:
        """Take the step of a decision. A failure of the hub is recorded in the audit.

        False if it could not be taken: it must be tried again, after a pause.
        """
        with about(**case.session.logged):
            return await self._take(case)

    async def _take(self, case: Case) -> bool:
        if case.decision.action is not Action.NOTHING:
            name, reason = case.session.key.name, case.decision.reason
            log.info("%s: %s. %s", name, case.decision.action, reason)
        match case.decision.action:
            case Action.WARN:
                return await self.warn(case)
            case Action.CANCEL:
                await self.cancel(case)
            case Action.STOP:
                return await self.stop(case)
            case Action.RELEASE:
                return await self.release(case)
            case Action.NOTHING:
                pass
        return True

    async def warn(self, case: Case) -> bool:
        """Show the notice with its countdown; False if that was not possible.

        A session that is known to show no notices is warned by mail and on the hub's page alone.
        """
        session, stop_at = case.session, case.decision.next_at
        if stop_at is None:
            raise ValueError("a warning must say when the session ends")
        stored, event = (
            case.stored_countdown(Countdown(case.at, stop_at)),
            case.event(EventKind.WARNED),
        )
        try:
            await self._write(self._store.begin, stored, event)
        except AlreadyWarnedError:
            return True  # by another replica, a moment ago
        try:
            await self._show(case, warning(case, stop_at))
        except HubError as error:
            reason = f"It could not be warned, so it is not stopped: {error}"
            log.warning("%s: %s", session.key.name, reason)
            await self._write(self._store.end, session.key, case.event(EventKind.FAILED, reason))
            return False
        self._metrics.acted(case.decision)
        self._notifier.notify(session, event)
        return True

    async def show_again(self, case: Case) -> None:
        """Show the notice of a countdown in force again in a session that lost it."""
        if case.countdown:
            await self._show(case, warning(case, case.countdown.stop_at))

    async def cancel(self, case: Case) -> None:
        """Cancel the warning, and say why."""
        await self._write(self._store.end, case.session.key, case.event(EventKind.CANCELLED))
        self._metrics.acted(case.decision)
        key = case.session.key
        self._failing = {each for each in self._failing if each[0] != key}
        try:
            await self._show(case, all_clear(case))
        except HubError as error:
            log.warning("%s could not be told that it keeps running: %s", key.name, error)

    async def _show(self, case: Case, notice: Notice) -> None:
        """Show a notice in place of the one before."""
        if not case.lacks_extension:
            await self._hub.show_notice(case.session, notice)

    async def stop(self, case: Case, by: str = "") -> bool:
        """Stop the session, as a person wishes or as was decided; whether it is gone."""
        with about(**case.session.logged):
            if not await self._stopped(case, EventKind.STOPPED, by):
                return False
        self._notifier.notify(case.session, case.event(EventKind.STOPPED))
        return True

    async def release(self, case: Case) -> bool:
        """Stop the session, and start it again in the rule's size without a GPU.

        Returns whether it is gone in its former size.
        """
        session, size = case.session, case.rule.release_to
        if size is None or session.size == size:
            return await self.stop(case)
        if not await self._stopped(case, EventKind.RELEASED, ""):
            return False
        options = {**session.options, "size": size}
        try:
            key, language = session.key, session.language
            await self._hub.start(key.user, key.server, options, language)
        except HubError as error:
            reason = f"It was stopped, and could not restart in {size}: {error}"
            await self._write(self._store.record, case.event(EventKind.FAILED, reason))
            log.warning("%s: %s", session.key.name, reason)
            self._notifier.notify(session, case.event(EventKind.STOPPED))
            return True
        self._notifier.notify(session, case.event(EventKind.RELEASED))
        return True

    async def gone(self, key: SessionKey, at: datetime) -> None:
        """Write down that a warned session ended by itself."""
        self._failing = {each for each in self._failing if each[0] != key}
        event = Event(at, EventKind.GONE, key, "", "", "It ended before its time was up.")
        await self._write(self._store.end, key, event)

    async def _stopped(self, case: Case, kind: EventKind, by: str) -> bool:
        """Stop it; whether it is gone. Only the replica that removes the countdown stops it."""
        key, reason = case.session.key, f"{by} ended it." if by else case.decision.reason
        again = (key, by) in self._failing
        stopping = None if again else case.event(EventKind.STOPPING, reason, by)
        if not await self._write(self._store.end, key, stopping):
            return False  # another replica has, a moment ago
        sentence = why_it_was_stopped(case, by) if by != key.user else ""
        with contextlib.suppress(HubError):  # the idle page says it in any case
            await self._hub.explain_stop(case.session, sentence, _reason(by, key), by)
        try:
            await self._gone(case.session)
        except HubError as error:
            log.warning("%s could not be stopped: %s", key.name, error)
            event = case.event(EventKind.FAILED, f"It could not be stopped: {error}")
            await self._write(self._store.begin, case.stored_countdown(), None if again else event)
            if not again:
                self._notifier.notify(case.session, event)
            self._failing.add((key, by))
            return False
        self._failing.discard((key, by))
        await self._write(self._store.record, case.event(kind, reason, by))
        self._metrics.acted(case.decision)
        self._metrics.reclaimed(case.session, case.decision, case.at)
        if not by:
            self._metrics.stopped(case.session, case.at, as_promised=case.announced)
        return True

    async def _gone(self, session: Session) -> None:
        """Stop a session and wait for its end; raises HubError where that takes too long."""
        began = time.monotonic()
        for _ in range(_STOP_LOOKS):
            if await self._hub.stop(session):
                self._metrics.gone(timedelta(seconds=time.monotonic() - began))
                return
            await asyncio.sleep(_STOP_PAUSE_S)
        raise HubUnavailableError(f"{session.key.name} is still being stopped.")

    async def _write(
        self,
        change: Callable[_Parameters, _Answer],
        *arguments: _Parameters.args,
        **more: _Parameters.kwargs,
    ) -> _Answer:
        """Write to the store, one at a time, off the event loop."""
        async with self._writing:
            return await asyncio.to_thread(change, *arguments, **more)


def _reason(by: str, key: SessionKey) -> EndReason:
    """Return who ends a session: it was idle, or somebody wished it."""
    if not by:
        return EndReason.IDLE
    return EndReason.PERSON if by == key.user else EndReason.ADMINISTRATOR

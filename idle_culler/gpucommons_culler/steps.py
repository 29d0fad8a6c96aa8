"""The steps that follow a decision: warn, take back, stop, release. Each is in the audit.

A line is written before a step that cannot be undone: what could not be written is not done.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ParamSpec, Protocol, TypeVar

from gpucommons_contract import Notice, NoticeLevel

from gpucommons_culler.decision import Action, Countdown, Decision
from gpucommons_culler.hub_errors import HubError, HubUnavailable
from gpucommons_culler.keeping import choices
from gpucommons_culler.memory import Keeping
from gpucommons_culler.metrics import Metrics
from gpucommons_culler.records import Event, EventKind, StandingCountdown
from gpucommons_culler.rule import Ending, IdleRule
from gpucommons_culler.session import Session, SessionKey
from gpucommons_culler.signals import Signal
from gpucommons_culler.store import Store
from gpucommons_culler.store_errors import AlreadyWarned
from gpucommons_culler.tracks import to_json
from gpucommons_culler.words import moment

log = logging.getLogger(__name__)

NOTICE_ID = "idle"
_KEPT_NOTICE_ID = "idle-over"
_STOP_PAUSE_S = 1.0
_STOP_LOOKS = 60
"""How often it is looked whether a session is gone, each time after the pause."""
_Parameters = ParamSpec("_Parameters")
_Answer = TypeVar("_Answer")


class Hub(Protocol):
    """What the steps ask of the hub; everything raises HubError."""

    async def show_notice(self, session: Session, notice: Notice) -> None:
        """Show a notice in a session."""

    async def withdraw_notice(self, session: Session, notice_id: str) -> None:
        """Take a notice back."""

    async def stop(self, session: Session) -> bool:
        """Stop this run of a session; False while the hub is still at it."""

    async def start(self, user: str, server: str, options: dict[str, str]) -> None:
        """Start a server, once an earlier run of it is gone."""


class Messenger(Protocol):
    """What tells people outside of their sessions. It neither waits nor fails."""

    def tell(self, session: Session, event: Event) -> None:
        """Tell a session's person what happened to it or is about to, or who can help."""


@dataclass(frozen=True, slots=True)
class Case:
    """One session with all that led to its decision."""

    session: Session
    rule: IdleRule
    decision: Decision
    signals: tuple[Signal, ...]
    keeping: Keeping
    countdown: Countdown | None
    at: datetime

    def standing(self, countdown: Countdown | None = None) -> StandingCountdown:
        """Write the warning that stands, or a new one, with what it rests on."""
        countdown = countdown or self.countdown or Countdown(self.at, self.at)
        session, signals = self.session, to_json(self.signals)
        return StandingCountdown(session.key, countdown, session.url, signals)

    def event(self, kind: EventKind, reason: str = "", by: str = "") -> Event:
        """Write what happened as a line of the audit."""
        return Event(
            at=self.at,
            kind=kind,
            session=self.session.key,
            team=self.session.team,
            size=self.session.size,
            reason=reason or self.decision.reason,
            by=by,
            verdict=self.decision.verdict,
            rule=self.rule.name,
            idle_since=self.decision.idle_since,
            gpus=self.session.gpus,
            until=self.decision.next_at,
            signals=to_json(self.signals),
        )


class Steps:
    """Takes steps for real."""

    def __init__(self, hub: Hub, store: Store, messenger: Messenger, metrics: Metrics) -> None:
        self._hub = hub
        self._store = store
        self._messenger = messenger
        self._metrics = metrics
        self._writing = asyncio.Lock()

    async def take(self, case: Case) -> bool:
        """Take the step of a decision. A hub that fails is told in the audit, and tried again.

        False if the session could not be told of a warning, and so was not warned.
        """
        if case.decision.action is not Action.NOTHING:
            name, reason = case.session.key.name, case.decision.reason
            log.info("%s: %s. %s", name, case.decision.action, reason)
        match case.decision.action:
            case Action.WARN:
                return await self.warn(case)
            case Action.CANCEL:
                await self.cancel(case)
            case Action.STOP:
                await self.stop(case)
            case Action.RELEASE:
                await self.release(case)
            case Action.NOTHING:
                pass
        return True

    async def warn(self, case: Case) -> bool:
        """Show the notice with its countdown; False if that was not possible."""
        session, stop_at = case.session, case.decision.next_at
        if stop_at is None:
            raise ValueError("a warning says when the session ends")
        standing, event = case.standing(Countdown(case.at, stop_at)), case.event(EventKind.WARNED)
        try:
            await self._write(self._store.begin, standing, event)
        except AlreadyWarned:
            return True  # by another replica, a moment ago
        try:
            await self._hub.show_notice(session, self._notice(case, stop_at))
        except HubError as error:
            reason = f"It could not be warned, and so is not ended: {error}"
            log.warning("%s: %s", session.key.name, reason)
            await self._write(self._store.end, session.key, case.event(EventKind.FAILED, reason))
            return False
        self._metrics.acted(case.decision)
        self._messenger.tell(session, event)
        return True

    async def show_again(self, case: Case) -> None:
        """Show the notice of a countdown that stands to a session that lost it."""
        if case.countdown:
            notice = self._notice(case, case.countdown.stop_at)
            await self._hub.show_notice(case.session, notice)

    async def cancel(self, case: Case) -> None:
        """Take the warning back, and say why."""
        await self._write(self._store.end, case.session.key, case.event(EventKind.CANCELLED))
        self._metrics.acted(case.decision)
        notice = Notice(_KEPT_NOTICE_ID, f"This session goes on. {case.decision.reason}")
        try:
            await self._hub.withdraw_notice(case.session, NOTICE_ID)
            await self._hub.show_notice(case.session, notice)
        except HubError as error:
            log.warning("%s was not told that it goes on: %s", case.session.key.name, error)

    async def stop(self, case: Case, by: str = "") -> bool:
        """Stop the session, as a person wishes or as was decided; whether it is gone."""
        if not await self._stopped(case, EventKind.STOPPED, by):
            return False
        self._messenger.tell(case.session, case.event(EventKind.STOPPED))
        return True

    async def release(self, case: Case) -> None:
        """Stop the session, and start it again in the rule's size without a GPU."""
        session, size = case.session, case.rule.release_to
        if size is None or session.size == size:
            await self.stop(case)
            return
        if not await self._stopped(case, EventKind.RELEASED, ""):
            return
        options = {**session.options, "size": size}
        try:
            await self._hub.start(session.key.user, session.key.server, options)
        except HubError as error:
            reason = f"It was stopped, and could not go on in {size}: {error}"
            await self._write(self._store.record, case.event(EventKind.FAILED, reason))
            log.warning("%s: %s", session.key.name, reason)
            self._messenger.tell(session, case.event(EventKind.STOPPED))
            return
        self._messenger.tell(session, case.event(EventKind.RELEASED))

    async def gone(self, key: SessionKey, at: datetime) -> None:
        """Write down that a warned session ended by itself."""
        event = Event(at, EventKind.GONE, key, "", "", "It ended before its time was up.")
        await self._write(self._store.end, key, event)

    async def _stopped(self, case: Case, kind: EventKind, by: str) -> bool:
        """Stop it; whether it is gone. Who takes the countdown away is the one that stops it."""
        key, reason = case.session.key, f"{by} ended it." if by else case.decision.reason
        stopping = case.event(EventKind.STOPPING, reason, by)
        if not await self._write(self._store.end, key, stopping):
            return False  # another replica has, a moment ago
        try:
            await self._gone(case.session)
        except HubError as error:
            log.warning("%s could not be stopped: %s", key.name, error)
            event = case.event(EventKind.FAILED, f"It could not be stopped: {error}")
            await self._write(self._store.begin, case.standing(), event)
            self._messenger.tell(case.session, event)
            return False
        await self._write(self._store.record, case.event(kind, reason, by))
        self._metrics.acted(case.decision)
        self._metrics.reclaimed(case.session, case.decision, case.at)
        return True

    async def _gone(self, session: Session) -> None:
        """Stop a session and wait for its end; raises HubError where that takes too long."""
        began = time.monotonic()
        for _ in range(_STOP_LOOKS):
            if await self._hub.stop(session):
                self._metrics.gone(timedelta(seconds=time.monotonic() - began))
                return
            await asyncio.sleep(_STOP_PAUSE_S)
        raise HubUnavailable(f"{session.key.name} is still being stopped.")

    @staticmethod
    def _notice(case: Case, stop_at: datetime) -> Notice:
        since = case.decision.idle_since or case.at
        ends = "restart without GPU" if case.rule.ending is Ending.RELEASE else "end"
        text = (  # with the countdown, which says when, so much as Lab shows at once
            f"Idle since {moment(since, case.at)}, this session will {ends}. "
            "Any use cancels that. Files are kept."
        )
        offered = choices(case.rule, case.keeping)
        return Notice(NOTICE_ID, text, NoticeLevel.WARNING, stop_at.timestamp(), offered)

    async def _write(
        self,
        change: Callable[_Parameters, _Answer],
        *arguments: _Parameters.args,
        **more: _Parameters.kwargs,
    ) -> _Answer:
        """Write to the store, one at a time, beside the event loop."""
        async with self._writing:
            return await asyncio.to_thread(change, *arguments, **more)

"""The culler at work: look at all sessions, judge each, act, and repeat."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from gpucommons_contract import Notice
from gpucommons_upkeep.errors import StoreError

from gpucommons_culler.actions.actions import Actions
from gpucommons_culler.actions.keeper import Keeper
from gpucommons_culler.actions.notice_answers import NoticeAnswers
from gpucommons_culler.actions.notices import NOTICE_ID
from gpucommons_culler.actions.notifier import TroubleAlerts
from gpucommons_culler.clients.hub import HubClient
from gpucommons_culler.clients.session_list import RunningSessions, list_sessions
from gpucommons_culler.core.backoff import SessionBackoff
from gpucommons_culler.core.case import Case
from gpucommons_culler.core.clock import Clock
from gpucommons_culler.core.decision import Action
from gpucommons_culler.core.errors import HubError, KeepRefusedError
from gpucommons_culler.core.keeping import STOP_NOW, chosen_length
from gpucommons_culler.core.metrics import Metrics
from gpucommons_culler.core.rule import Rules
from gpucommons_culler.core.session import Session, SessionKey
from gpucommons_culler.core.signals import FRESH, from_json
from gpucommons_culler.database.store import Store
from gpucommons_culler.messages.message import Message
from gpucommons_culler.service.judge import Judge, worth_asking
from gpucommons_culler.telemetry.collector import Collector

log = logging.getLogger(__name__)

_ENDS = (Action.STOP, Action.RELEASE)
_MOST_ENDS = 20
"""Stops in one tick: the hub takes its time for each."""
_STEPS_AT_ONCE = 10
_BREATH = 500
"""Sessions that are judged before others, such as the pages, get a turn."""


class Engine:
    """Ticks over all sessions. Only the replica that leads acts; the others watch."""

    def __init__(
        self,
        *,
        hub: HubClient,
        collector: Collector,
        rules: Rules,
        store: Store,
        actions: Actions,
        metrics: Metrics,
        clock: Clock,
        alert: Callable[[Message], None] = lambda _message: None,
    ) -> None:
        """``alert`` notifies administrators of what cannot be measured."""
        self._hub = hub
        self._collector = collector
        self._store = store
        self._judge = Judge(collector, rules, store)
        self._answers = NoticeAnswers(hub, collector)
        self._actions = actions
        self._metrics = metrics
        self._clock = clock
        self._keeper = Keeper(store)
        self._turns = asyncio.Semaphore(_STEPS_AT_ONCE)
        self._failing = SessionBackoff()
        """Steps that could not be taken."""
        self._troubles = TroubleAlerts(alert)
        self._began = False

    @property
    def cases(self) -> Sequence[Case]:
        """All sessions as they were judged last."""
        return list(self._judge.cases.values())

    @property
    def troubles(self) -> Sequence[str]:
        """What cannot be measured, as sentences."""
        return list(self._collector.troubles(self._clock.now()).values())

    def next_due(self, now: datetime) -> datetime | None:
        """When the next countdown ends; None without one. What is overdue is tried each time."""
        ends = (each.countdown.stop_at for each in self._judge.records.countdowns.values())
        return min((each for each in ends if each > now), default=None)

    async def tick(self, leads: Callable[[], bool] = lambda: True) -> None:
        """Look at everything once. Raises HubError or StoreError where that is not possible.

        ``leads`` says whether this replica acts; it is asked again before each step.
        """
        self._metrics.leads(leads())
        now = self._clock.now()
        if step := self._clock.stepped():
            log.warning("The clock was set by %s: watching starts again", step)
            self._collector.forget_before(now)
        if not self._began:
            await self._go_on(now)
        seen = await self._look(now)
        sessions = dict(seen.sessions)
        if leads():
            ended, _ = await self._hear(sessions.values())
            sessions = {key: each for key, each in sessions.items() if key not in ended}
        await self._judge.read(now)
        cases = await self._judge_all(sessions.values(), seen.waiting, now, ask=leads())
        await self._act(cases, leads)
        if leads():
            for key in seen.gone & self._judge.records.countdowns.keys():
                await self._actions.gone(key, now)
            await asyncio.to_thread(self._store.beat, now)
            self._troubles.note(self._collector.troubles(now), now)
        self._metrics.judged(case.decision for case in cases)
        self._metrics.running(seen.sessions.values(), now)

    async def _look(self, now: datetime) -> RunningSessions:
        """List and measure all sessions, and forget those that have ended."""
        known = self._judge.cases.keys() | self._judge.records.countdowns.keys()
        seen = await list_sessions(self._hub, known)
        present = seen.sessions.keys() | seen.doubtful
        await self._collector.look(tuple(seen.sessions.values()), now, seen.doubtful)
        self._failing.keep_only(present)
        self._judge.keep_only(present)
        return seen

    async def explain(self, key: SessionKey) -> Case | None:
        """Ask one session and judge it again; nothing is done. None if it is not known."""
        case = self._judge.cases.get(key)
        if case is None:
            return None
        await self._collector.ask([case.session], self._clock.now())
        return await self._judge_anew(case)

    async def keep(self, key: SessionKey, by: str, length: timedelta) -> datetime:
        """Keep a session for a while; returns until when (UTC). Raises KeepRefusedError."""
        case = self._judge.cases.get(key)
        if case is None:
            raise KeepRefusedError("This session is no longer running.")
        until = await self._keeper.keep(case, by, length, self._clock.now())
        await self._judge_anew(case)  # so that pages show at once that it is kept
        return until

    async def _judge_anew(self, case: Case) -> Case:
        """Judge a session by what is stored now."""
        now = self._clock.now()
        with suppress(StoreError):  # for showing it, what is known will do
            await self._judge.read(now)
        return self._judge.judge_anew(case, now)

    async def _go_on(self, now: datetime) -> None:
        """Continue the countdowns of an earlier run, if sessions were watched until just now."""
        last = await asyncio.to_thread(self._store.last_beat)
        await self._judge.read(now)
        self._began = True
        if last is None or not timedelta() <= now - last <= FRESH:
            return
        for key, stored in self._judge.records.countdowns.items():
            try:
                signals = from_json(stored.signals)
            except ValueError as error:
                log.warning("The reasons of the warning of %s cannot be read: %s", key.name, error)
                continue
            # Had one of them not been measured until then, there would be no warning.
            known = [replace(signal, measured_at=last) for signal in signals]
            self._collector.restore(key, known, now)

    async def _hear(self, sessions: Collection[Session]) -> tuple[set[SessionKey], set[SessionKey]]:
        """Carry out people's answers to their notices.

        Returns which sessions that ended, and for which it is known whether somebody answered.
        """
        warned = [each for each in sessions if each.key in self._judge.records.countdowns]
        boards = await self._answers.boards(warned)

        async def answer(session: Session) -> bool | None:
            async with self._turns:
                try:
                    return await self._answer(session, boards[session.key])
                except (HubError, StoreError) as error:
                    log.info("%s: its answer is not carried out: %s", session.key.name, error)
                    return None

        known = [each for each in warned if each.key in boards]
        answers = await asyncio.gather(*map(answer, known))
        ended = {each.key: end for each, end in zip(known, answers, strict=True) if end is not None}
        return {key for key, end in ended.items() if end}, set(ended)

    async def _answer(self, session: Session, notices: Mapping[str, Notice]) -> bool:
        """Carry out the answer; return whether that ended the session."""
        case = self._judge.cases.get(session.key)
        if case is None:
            return False  # this culler has just begun; the answer is there at the next tick
        case = self._judge.up_to_date(case, self._clock.now())
        shown, by = notices.get(NOTICE_ID), session.key.user
        if shown is None or not shown.choices:
            await self._actions.show_again(case)
        elif shown.answer == STOP_NOW:
            return self._failing.over(session.key, case.at) and self._went(
                case, await self._actions.stop(case, by)
            )
        elif shown.answer and (length := chosen_length(shown.answer)):
            try:
                await self.keep(session.key, by, length)
            except KeepRefusedError as error:
                log.info("%s is not kept: %s", session.key.name, error)
                await self._actions.show_again(case)
        return False

    async def _judge_all(
        self, sessions: Collection[Session], waiting: Mapping[str, int], now: datetime, *, ask: bool
    ) -> list[Case]:
        cases: dict[SessionKey, Case] = {}
        doubtful: list[Session] = []
        for number, session in enumerate(sessions):
            if number % _BREATH == _BREATH - 1:
                await asyncio.sleep(0)
            case = self._judge.judge(session, waiting, now, asked=False)
            cases[session.key] = case
            if worth_asking(case, waiting.get(session.size, 0)):
                doubtful.append(session)

        def judged(some: Iterable[Session]) -> dict[SessionKey, Case]:
            return {each.key: self._judge.judge(each, waiting, now, asked=True) for each in some}

        known = judged(doubtful)
        if ask:
            wanted = [each for each in doubtful if self._has_to_be_asked(known[each.key], now)]
            await self._collector.ask(wanted, now)
            known |= judged(wanted)
        return list((cases | known).values())

    def _has_to_be_asked(self, case: Case, now: datetime) -> bool:
        """Whether its last report is too old: nothing is done for what was true a while ago."""
        acts = case.decision.action is not Action.NOTHING
        return acts or bool(case.countdown) or not self._collector.answered(case.session, now)

    async def _act(self, cases: Sequence[Case], leads: Callable[[], bool]) -> None:
        """Take the steps that are due; before a stop, look and ask once more."""
        due = [
            case
            for case in cases
            if case.decision.action is not Action.NOTHING
            and self._failing.over(case.session.key, case.at)
        ]
        await self._take([case for case in due if case.decision.action not in _ENDS], leads)
        ends = [case.session for case in due if case.decision.action in _ENDS]
        # What failed before comes last, so that it does not take the place of others.
        ends.sort(key=lambda session: self._failing.why(session.key) is not None)
        for first in range(0, min(len(ends), _MOST_ENDS), _STEPS_AT_ONCE):
            if leads():
                await self._end(ends[first : first + _STEPS_AT_ONCE], leads)

    async def _end(self, sessions: Sequence[Session], leads: Callable[[], bool]) -> None:
        """Stop the sessions that must be stopped by all that is known at this very moment.

        One that was used or kept meanwhile keeps running, and so does one that is silent now.
        """
        now = self._clock.now()
        seen = await self._look(now)
        there = [session for session in sessions if session.key in seen.sessions]
        ended, heard = await self._hear(there)
        await self._judge.read(now)
        sure = heard & await self._collector.ask(there, now) - ended
        cases = [
            self._judge.judge(session, seen.waiting, now, asked=True)
            for session in there
            if session.key in sure and self._collector.measured(session)
        ]
        await self._take(cases, leads)

    async def _take(self, cases: Sequence[Case], leads: Callable[[], bool]) -> None:
        """Take steps, and remember which of them failed."""

        async def take(case: Case) -> None:
            async with self._turns:
                if not leads():
                    return
                try:
                    self._went(case, await self._actions.take(case))
                except StoreError as error:
                    log.warning("%s: nothing was done: %s", case.session.key.name, error)

        await asyncio.gather(*map(take, cases))
        if cases:
            await self._judge.read(self._clock.now())

    def _went(self, case: Case, well: bool) -> bool:
        """Remember whether a step succeeded, and begin a pause if not."""
        if well:
            self._failing.went_well(case.session.key)
        else:
            self._failing.failed(case.session.key, case.at, f"{case.decision.action} failed")
        return well
